"""What a log contradicted itself with, or broke its word with, as a file that others can check: heads as served, our
hashes, entries and answers as served.

A file says nothing that has to be believed: `certhia.logs.judging` recomputes all of it. It is JSON in ASCII, its keys
sorted, bytes in base64; `certhia_evidence` is its version.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from certhia.clock import utc
from certhia.logs.client import Fetched
from certhia.logs.form import MAX_TEXT, BadEvidence, Form, hashes
from certhia.model import Log, Protocol

VERSION: Final = 1
MAX_FILE: Final = 64 << 20  # bytes
MAX_LEAVES: Final = 131_072  # leaf hashes; of a longer range the subtree hashes at both ends say as much
MAX_HEADS: Final = 8
MAX_HEAD: Final = 1 << 20  # bytes of one, as served
MAX_ANSWERS: Final = 16 << 20  # bytes of entries as served, all together
MAX_NUMBER: Final = (1 << 63) - 1
MAX_LEAF: Final = (1 << 24) + (1 << 17)  # bytes of a MerkleTreeLeaf: certificate or TBS, extensions, a little more
MAX_SIGNATURE: Final = (1 << 16) + 4
MAX_ANSWER: Final = 1 << 17  # bytes of an answer about a proof


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head as the log served it, and when (Unix seconds)."""

    raw: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first `size` entries of a tree, and what is said to lead from them to a head.

    `edge` holds the hashes of the perfect subtrees of [0, size), largest first, 32 bytes each; `kind` and `proof` are
    those of `certhia.model.Step`; `head` is a place in `Evidence.heads`.
    """

    size: int
    edge: bytes
    head: int
    kind: str = ""
    proof: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Subtree:
    """Entries [index << level, (index + 1) << level) and what is said to lead from their root to a head.

    `path` holds sibling hashes, as `certhia.store.blocks.Block` has them; `head` is a place in `Evidence.heads`.
    """

    level: int
    index: int
    root: bytes
    path: tuple[bytes, ...]
    head: int


@dataclass(frozen=True, slots=True)
class Served:
    """An answer as served, to the question that is in the URL; `at` in Unix seconds."""

    url: str
    status: int
    body: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Pledge:
    """What a log signed for, and did not keep.

    Attributes:
        leaf: the MerkleTreeLeaf (RFC 6962 section 3.4) that it promised, which is also what its SCT signs.
        signature: of the SCT, a digitally-signed struct (RFC 5246 section 4.7).
        mmd: seconds within which the leaf was to be in the tree, by the log list.
        other: the entry that stands where the SCT says that the leaf does.
        absent: the answer to the question for the leaf's proof.
    """

    leaf: bytes
    signature: bytes
    mmd: int
    other: Subtree | None = None
    absent: Served | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One contradiction, or one broken promise.

    Attributes:
        log: who contradicted itself.
        at: when that was found, Unix seconds.
        reason: what was found, in words.
        heads: in the order of their sight; the last one is that which contradicts.
        verified: our verified position, with the proof that led to an earlier head.
        read: all that was read, with the proof that does not lead to the last head.
        leaves: leaf hashes of [verified.size, read.size); empty where they are too many.
        agreed: as much of what was read as the log proves to be in the last head.
        shown: by the log's own hashes, the beginning of the tree of one head, as long as that of another.
        answers: entries as served: those from `agreed` on, or of the pledge's `other`.
        block: entries whose leaf hashes are `leaves`, and which the log's hashes do not lead to a head.
        pledge: a promise that was broken; then there is nothing else but heads and answers.
    """

    log: Log
    at: float
    reason: str
    heads: tuple[SeenHead, ...]
    verified: Prefix | None = None
    read: Prefix | None = None
    leaves: bytes = b""
    agreed: Prefix | None = None
    shown: Prefix | None = None
    answers: tuple[Fetched, ...] = ()
    block: Subtree | None = None
    pledge: Pledge | None = None


def encode(evidence: Evidence) -> bytes:
    """The file's bytes; the same evidence gives the same ones."""
    log = evidence.log
    fields = {
        "certhia_evidence": VERSION,
        "log": {
            "key": _text(log.key),
            "log_id": _text(log.id),
            "description": log.description[:MAX_TEXT],
            "operator": log.operator[:MAX_TEXT],
            "protocol": log.protocol.value,
            "submission_url": log.submission_url,
            "monitoring_url": log.monitoring_url,
            "origin": log.origin,
        },
        "at": evidence.at,
        "reason": evidence.reason[:MAX_TEXT],
        "heads": [{"raw": _text(head.raw), "at": head.at} for head in evidence.heads],
        **{name: _encode_prefix(getattr(evidence, name)) for name in ("verified", "read", "agreed", "shown")},
        "leaves": _text(evidence.leaves),
        "answers": [
            {
                "start": one.start,
                "count": one.count,
                "spare": one.spare,
                "tile": one.tile,
                "body": _text(zlib.compress(one.body)),
            }
            for one in evidence.answers
        ],
        "block": _encode_subtree(evidence.block),
        "pledge": _encode_pledge(evidence.pledge),
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def file_name(evidence: Evidence, content: bytes) -> str:
    """What its file is called: the log, the second, and what tells it from others."""
    log = evidence.log
    words = re.sub(r"[^a-z0-9]+", "-", (log.description or log.origin).lower()).strip("-")[:60]
    return f"{words}-{utc(evidence.at):%Y%m%dT%H%M%SZ}-{hashlib.sha256(content).hexdigest()[:12]}.json"


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _encode_prefix(prefix: Prefix | None) -> dict[str, object] | None:
    if prefix is None:
        return None
    proof = [_text(node) for node in prefix.proof]
    return {
        "size": prefix.size,
        "edge": _text(prefix.edge),
        "head": prefix.head,
        "kind": prefix.kind,
        "proof": proof,
    }


def _encode_subtree(subtree: Subtree | None) -> dict[str, object] | None:
    if subtree is None:
        return None
    return {
        "level": subtree.level,
        "index": subtree.index,
        "root": _text(subtree.root),
        "path": [_text(node) for node in subtree.path],
        "head": subtree.head,
    }


def _encode_pledge(pledge: Pledge | None) -> dict[str, object] | None:
    if pledge is None:
        return None
    absent = pledge.absent
    return {
        "leaf": _text(pledge.leaf),
        "signature": _text(pledge.signature),
        "mmd": pledge.mmd,
        "other": _encode_subtree(pledge.other),
        "absent": absent
        and {"url": absent.url[:MAX_TEXT], "status": absent.status, "body": _text(absent.body), "at": absent.at},
    }


def decode(data: bytes) -> Evidence:
    """What a file holds; nothing of it is checked but its form. Raises BadEvidence."""
    if len(data) > MAX_FILE:
        raise BadEvidence(f"more than {MAX_FILE} bytes: no evidence of Certhia's is that long")
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadEvidence(f"no JSON ({type(error).__name__}): `certhia watch` writes evidence into its state") from None
    version = fields.get("certhia_evidence") if isinstance(fields, dict) else None
    if version is None:
        raise BadEvidence("JSON, but no evidence of Certhia's: it has no certhia_evidence")
    if version != VERSION:
        raise BadEvidence(f"evidence of version {str(version)[:20]!a}: this Certhia reads version {VERSION}")
    return _Form(fields).evidence()


class _Form(Form):
    """The objects that a file of evidence is made of."""

    def evidence(self) -> Evidence:
        heads = tuple(SeenHead(one.bytes("raw", MAX_HEAD), one.time("at")) for one in self.each("heads", MAX_HEADS))
        return Evidence(
            log=self.inner("log").log(),
            at=self.time("at"),
            reason=self.text("reason"),
            heads=heads,
            verified=self.prefix("verified", len(heads)),
            read=self.prefix("read", len(heads)),
            leaves=self.bytes("leaves", MAX_LEAVES * 32),
            agreed=self.prefix("agreed", len(heads)),
            shown=self.prefix("shown", len(heads)),
            answers=self.answers(),
            block=self.subtree("block", len(heads)),
            pledge=self.pledge(len(heads)),
        )

    def log(self) -> Log:
        kind = self.text("protocol")
        if kind not in set(Protocol):
            raise self.wrong("protocol", f"one of {', '.join(Protocol)}")
        return Log(
            id=self.bytes("log_id", 32),
            key=self.bytes("key", 4096),
            description=self.text("description"),
            operator=self.text("operator"),
            protocol=Protocol(kind),
            submission_url=self.text("submission_url"),
            monitoring_url=self.text("monitoring_url"),
        )

    def prefix(self, name: str, heads: int) -> Prefix | None:
        if self._fields.get(name) is None:
            return None
        one = self.inner(name)
        size = one.number("size", MAX_NUMBER)
        edge = one.bytes("edge", 63 * 32)
        if len(edge) != 32 * size.bit_count():
            raise one.wrong("edge", f"{size.bit_count()} hashes of 32 bytes")
        return Prefix(size, edge, one.number("head", heads - 1), one.text("kind"), hashes(one, "proof"))

    def subtree(self, name: str, heads: int) -> Subtree | None:
        if self._fields.get(name) is None:
            return None
        one = self.inner(name)
        root = one.bytes("root", 32)
        if len(root) != 32:
            raise one.wrong("root", "a hash of 32 bytes")
        level, index = one.number("level", 62), one.number("index", MAX_NUMBER)
        return Subtree(level, index, root, hashes(one, "path"), one.number("head", heads - 1))

    def pledge(self, heads: int) -> Pledge | None:
        if self._fields.get("pledge") is None:
            return None
        one = self.inner("pledge")
        return Pledge(
            leaf=one.bytes("leaf", MAX_LEAF),
            signature=one.bytes("signature", MAX_SIGNATURE),
            mmd=one.number("mmd", MAX_NUMBER),
            other=one.subtree("other", heads),
            absent=one.served("absent"),
        )

    def served(self, name: str) -> Served | None:
        if self._fields.get(name) is None:
            return None
        one = self.inner(name)
        return Served(one.text("url"), one.number("status", 999), one.bytes("body", MAX_ANSWER), one.time("at"))

    def answers(self) -> tuple[Fetched, ...]:
        left, answers = MAX_ANSWERS, []
        for one in self.each("answers", 1000):
            unpacker = zlib.decompressobj()
            try:
                body = unpacker.decompress(one.bytes("body", MAX_FILE), left + 1)
            except zlib.error:
                raise one.wrong("body", "a zlib stream") from None
            left -= len(body)
            if left < 0:
                raise self.wrong("answers", f"at most {MAX_ANSWERS} bytes")
            start, count = one.number("start", MAX_NUMBER), one.number("count", MAX_LEAVES)
            answers.append(Fetched(start, count, body, one.truth("tile"), one.number("spare", MAX_LEAVES)))
        return tuple(answers)
