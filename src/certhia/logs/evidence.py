"""What a log contradicted itself with, as a file that others can check: heads as served, our hashes, entries as served.

A file says nothing that has to be believed: `certhia.logs.judging` recomputes all of it. It is JSON in ASCII, its keys
sorted, bytes in base64; `certhia_evidence` is its version.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from certhia.errors import CerthiaError
from certhia.logs.client import Fetched
from certhia.model import Log, Protocol

VERSION: Final = 1
MAX_FILE: Final = 64 << 20  # bytes
MAX_LEAVES: Final = 131_072  # leaf hashes; of a longer range the subtree hashes at both ends say as much
MAX_HEADS: Final = 8
MAX_HEAD: Final = 1 << 20  # bytes of one, as served
MAX_HASHES: Final = 128  # of a proof; a tree of 2**63 entries needs 126
MAX_TEXT: Final = 2000  # characters
MAX_ANSWERS: Final = 16 << 20  # bytes of entries as served, all together
MAX_NUMBER: Final = (1 << 63) - 1


class BadEvidence(CerthiaError):
    """A file that is no evidence of Certhia's."""


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
class Evidence:
    """One contradiction.

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
        answers: entries as served, those from `agreed` on.
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
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


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


class _Form:
    """The fields of one JSON object, each taken by its kind and within its bounds."""

    def __init__(self, fields: Mapping[str, object], where: str = "") -> None:
        self._fields = fields
        self._where = where

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
        proof = one.list("proof", MAX_HASHES)
        nodes = tuple(_Form({"hash": node}, f"{name}.proof: ").bytes("hash", 32) for node in proof)
        if any(len(node) != 32 for node in nodes):
            raise one.wrong("proof", "hashes of 32 bytes")
        return Prefix(size, edge, one.number("head", heads - 1), one.text("kind"), nodes)

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

    # --- by kind ---

    def inner(self, name: str) -> _Form:
        return _Form(self._one(name, dict, "an object"), f"{self._where}{name}.")

    def each(self, name: str, most: int) -> Sequence[_Form]:
        forms = []
        for number, one in enumerate(self.list(name, most)):
            if not isinstance(one, dict):
                raise self.wrong(f"{name}[{number}]", "an object")
            forms.append(_Form(one, f"{self._where}{name}[{number}]."))
        return forms

    def list(self, name: str, most: int) -> list[Any]:
        value: list[Any] = self._one(name, list, f"a list of at most {most}", lambda value: len(value) <= most)
        return value

    def text(self, name: str) -> str:
        wanted = f"text of at most {MAX_TEXT} characters"
        text: str = self._one(name, str, wanted, lambda text: len(text) <= MAX_TEXT)
        return text

    def truth(self, name: str) -> bool:
        value: bool = self._one(name, bool, "true or false")
        return value

    def number(self, name: str, most: int) -> int:
        wanted = f"a number from 0 to {most}"
        value: int = self._one(name, int, wanted, lambda value: type(value) is int and 0 <= value <= most)
        return value

    def time(self, name: str) -> float:
        value = self._one(name, int | float, "a time in Unix seconds", lambda value: 0 <= value < 253_402_300_800)
        return float(value)

    def bytes(self, name: str, most: int) -> bytes:
        text = self._one(name, str, "base64", lambda text: len(text) <= 4 * (most // 3 + 1))
        try:
            data = b64decode(text, validate=True)
        except ValueError:
            raise self.wrong(name, "base64") from None
        if len(data) > most:
            raise self.wrong(name, f"at most {most} bytes")
        return data

    def _one(self, name: str, kind: Any, wanted: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        value = self._fields.get(name)
        if not isinstance(value, kind) or not fits(value):
            raise self.wrong(name, wanted)
        return value

    def wrong(self, name: str, wanted: str) -> BadEvidence:
        """The error for a field that is not what it must be."""
        return BadEvidence(f"{self._where}{name} is not {wanted}: the file was changed, or is not whole")
