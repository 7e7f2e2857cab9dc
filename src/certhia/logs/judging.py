"""Whether evidence holds: every signature, root and leaf hash of it recomputed, without asking anybody.

What makes it proof is signed by the log alone: two heads of one size with different roots; or two heads of different
sizes, and hashes that lead from the beginning of the larger one's tree to its signed root, where that beginning, as
long as the smaller one's tree, has another root than the smaller head. Nobody can make such hashes for a log whose tree
only grew. All else is observation: entries are not signed, so others have only our word that the log served them so.
Promises that were broken are judged in `pledge` beside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from certhia._core import Edge, verify_consistency
from certhia.errors import Malformed, RemoteError
from certhia.logs.client import Fetched
from certhia.logs.evidence import Evidence, Prefix, Subtree
from certhia.logs.heads import read_checkpoint, read_sth
from certhia.logs.pledge import judge_pledge, leads, served_page
from certhia.model import Head


class Verdict(StrEnum):
    """What a piece of evidence is worth."""

    PROOF = "proof"
    OBSERVATION = "observation"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was recomputed."""

    what: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of it. `because`: the verdict in words; `heads`: those whose signature holds; `lacks`: what an
    observation would be stronger with, and the file does not hold."""

    verdict: Verdict
    because: str
    checks: tuple[Check, ...]
    heads: tuple[Head, ...]
    lacks: tuple[str, ...] = ()


def judge(evidence: Evidence) -> Finding:
    """Recomputes everything."""
    return _Judge(evidence).finding()


class _Judge:
    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._checks: list[Check] = []
        self._heads: list[Head | None] = []  # None where the signature does not hold

    def finding(self) -> Finding:
        """The verdict."""
        log = self._evidence.log
        self._check("the log's id is the SHA-256 of its key", hashlib.sha256(log.key).digest() == log.id)
        for seen in self._evidence.heads:
            self._heads.append(self._head(seen.raw))
        because, verdict = self._proof(), Verdict.PROOF
        observed = ""
        if not because and self._checks[0].holds and self._evidence.pledge is not None:
            because, observed = judge_pledge(self._evidence, self._evidence.pledge, self._heads, self._check)
        if not because:
            because, verdict = observed or self._observation(), Verdict.OBSERVATION
        if not all(check.holds for check in self._checks) and verdict is not Verdict.PROOF:
            because, verdict = "parts of it do not hold, so it shows nothing", Verdict.NOTHING
        elif not because:
            because, verdict = "nothing in it contradicts anything else", Verdict.NOTHING
        heads = tuple(head for head in self._heads if head is not None)
        lacks = tuple(_lacks(self._evidence)) if verdict is Verdict.OBSERVATION else ()
        return Finding(verdict, because, tuple(self._checks), heads, lacks)

    def _check(self, what: str, holds: bool) -> bool:
        self._checks.append(Check(what, holds))
        return holds

    def _head(self, raw: bytes) -> Head | None:
        """A head whose signature holds under the key that hashes to the log's id."""
        log = self._evidence.log
        read = read_sth if raw.lstrip()[:1] == b"{" else read_checkpoint
        try:
            head = read(log, raw)
        except RemoteError as error:
            self._check(f"a head of {len(raw)} bytes is signed by the log: {error}", False)
            return None
        self._check(f"the head of {head.size} entries with root {head.root.hex()} is signed by the log", True)
        return head

    # --- proof ---

    def _proof(self) -> str:
        """What the log's own signatures prove; "" where they prove nothing."""
        if not self._checks[0].holds:  # under which key is not clear, then
            return ""
        heads = [head for head in self._heads if head is not None]
        for one, other in combinations(heads, 2):
            if one.size == other.size and one.root != other.root:
                return f"the log signed two different trees of {one.size} entries"
        shown = self._evidence.shown
        if shown is None:
            return ""
        larger, root = self._heads[shown.head], Edge(shown.size, shown.edge).root()
        if larger is None or not self._check(
            f"the log's hashes lead from its first {shown.size} entries to the head of {larger.size}",
            _leads(shown, larger),
        ):
            return ""
        for head in heads:
            if head.size == shown.size and head.root != root:
                return (
                    f"the tree of {larger.size} entries that the log signed begins with {shown.size} others (root "
                    f"{root.hex()}) than the tree of {shown.size} that it signed (root {head.root.hex()})"
                )
        return ""

    # --- observation ---

    def _observation(self) -> str:
        evidence, last = self._evidence, self._heads[-1] if self._heads else None
        if last is None or evidence.pledge is not None:
            return ""
        if evidence.block is not None:
            return self._of_block(evidence.block)
        self._begins()
        if evidence.read is None:
            sizes = sorted({head.size for head in self._heads if head is not None})
            if len(sizes) < 2 or evidence.shown is not None:
                return ""
            minutes = (evidence.heads[-1].at - evidence.heads[0].at) / 60
            if last.size == sizes[0] and minutes >= 0:  # in the order of their sight
                return (
                    f"the log signed a head of {sizes[-1]} entries, and showed one of {sizes[0]} as we saw it "
                    f"{minutes:,.0f} min later: it took the larger one back, as far as we saw"
                )
            return (
                f"the log signed heads of {sizes[0]} and {sizes[-1]} entries, and we saw it give no proof that the one "
                "is the beginning of the other"
            )
        read = evidence.read
        self._leaves(read)
        what = f"the first {read.size} entries as they were served are not the beginning of the head of {last.size}"
        if not self._check(what, not _leads(read, last)):
            return ""
        if evidence.agreed is None:
            return (
                f"neither our verified position nor the entries as served lead to the head of {last.size} that the log "
                "signed, as far as we saw: the log gave no hashes of its own, so only we can say so"
            )
        agreed = evidence.agreed.size
        entry = f"entry {agreed}" if agreed == read.size - 1 else f"what is served from entry {agreed} on"
        return f"{entry} is not what the log signed, as far as we saw: entries are not signed, so only we can say so"

    def _of_block(self, block: Subtree) -> str:
        """Entries of a backfill, where the log gives no hashes that lead to where they begin."""
        head, edge = self._heads[block.head], Edge()
        edge.append(self._evidence.leaves)
        start, end = block.index << block.level, (block.index + 1) << block.level
        whole = edge.size == end - start and edge.root() == block.root
        what = f"leaf hashes of entries {start} to {end - 1} lead to the root {block.root.hex()}"
        if not self._check(what, whole) or head is None:
            return ""
        what = f"that root and the log's hashes as served do not lead to the head of {head.size}"
        if not self._check(what, end <= head.size and not leads(block, head)):
            return ""
        return (
            f"entries {start} to {end - 1} as served, and the log's own hashes beside them, do not lead to the head of "
            f"{head.size} that it signed, as far as we saw: neither is signed, so only we can say so"
        )

    def _begins(self) -> None:
        """Our verified position, and what of the entries read the log proves to be its own."""
        for name, prefix in (("verified", self._evidence.verified), ("served", self._evidence.agreed)):
            if prefix is None:
                continue
            head = self._heads[prefix.head]
            what = (
                f"the first {prefix.size} entries, {name}, are the beginning of the head of {head.size if head else 0}"
            )
            self._check(what, head is not None and _leads(prefix, head))

    def _leaves(self, read: Prefix) -> None:
        """The leaf hashes lead from the one edge to the other, by way of what the log proves; entries have them."""
        start, leaves, agreed = self._evidence.verified, self._evidence.leaves, self._evidence.agreed
        if start is None or read.size < start.size:
            self._check("what was read begins at a verified position", False)
            return
        if leaves:
            edge = Edge(start.size, start.edge)
            whole = len(leaves) == 32 * (read.size - start.size)
            if whole and agreed is not None and start.size <= agreed.size <= read.size:
                cut = 32 * (agreed.size - start.size)
                edge.append(leaves[:cut])
                self._check(f"leaf hashes lead from {start.size} to {agreed.size}", edge.hashes == agreed.edge)
                edge.append(leaves[cut:])
            elif whole:
                edge.append(leaves)
            self._check(f"leaf hashes lead from {start.size} to {read.size}", edge.hashes == read.edge)
        else:
            shared = (start.size >> (start.size ^ read.size).bit_length()).bit_count() * 32
            what = f"the hashes of {start.size} and {read.size} entries are those of one tree"
            self._check(what, start.edge[:shared] == read.edge[:shared])
        for answer in self._evidence.answers:
            self._served(answer, start.size, leaves)

    def _served(self, answer: Fetched, first: int, leaves: bytes) -> None:
        what = f"entries {answer.start} to {answer.end - 1} as served have those leaf hashes"
        try:
            page = served_page(answer)
        except Malformed as error:
            self._check(f"{what}: {error}", False)
            return
        begin, end = max(page.first, first), min(page.end, first + len(leaves) // 32)
        if begin >= end:
            self._check(f"{what}: none of them is held", False)
            return
        hashes = page.slice(begin, end).leaf_hashes
        self._check(what, hashes == leaves[32 * (begin - first) : 32 * (end - first)])


def _lacks(evidence: Evidence) -> Iterator[str]:
    """What evidence about entries usually has. That it is away may be the log's doing, or that of who passed it on."""
    if evidence.read is None:
        return
    if not evidence.leaves:
        yield "the leaf hashes of what was read (of more than 131,072 entries they are not kept)"
    if evidence.agreed is None:
        yield "how far the log's own hashes prove its entries"
    if not evidence.answers:
        yield "the entry that differs, as served"


def _leads(prefix: Prefix, head: Head) -> bool:
    """Whether the proof leads from the prefix to the head (RFC 9162 section 2.1.4.2, or the subtrees in between)."""
    edge = Edge(prefix.size, prefix.edge)
    try:
        if prefix.size == head.size:
            return edge.root() == head.root
        if prefix.size == 0 and prefix.kind != "nodes":
            return True  # every tree begins with nothing
        if prefix.kind == "nodes":
            edge.append_nodes(prefix.proof, head.size)
            return edge.root() == head.root
        return prefix.kind == "consistency" and verify_consistency(
            prefix.size, edge.root(), head.size, head.root, prefix.proof
        )
    except (ValueError, OverflowError):
        return False
