"""One log's ledger, checked row by row: the chain of digests, the ranges, the way from every edge to a signed root."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from certhia._core import Edge, verify_consistency
from certhia.errors import CerthiaError
from certhia.model import Head, Log
from certhia.store import codec
from certhia.store.blocks import HIGHEST, row_block
from certhia.store.freezes import ACCEPTED
from certhia.store.ledger import HASH, Track, row_head, row_log, row_step

CheckHead = Callable[[Log, Head], None]

# What the row of a log repeats of its last step.
_REPEATED: Final = ("seq", "end", "edge", "head_size", "head_root", "head_timestamp", "head_raw", "at")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the state that was not written so."""

    table: str
    row: str  # what tells the row from others
    what: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.what}"


@dataclass(slots=True)
class LogAudit:
    """One log under examination. Rows go to `step` in order, then comes `finish`; each yields what is wrong."""

    row: Mapping[str, Any]
    quarantined: Sequence[int]  # indices, ascending
    check_head: CheckHead | None = None
    track: Track = field(init=False)  # what is proven, for those who ask whether an entry is
    _log: Log | None = field(init=False, default=None)
    _before: Mapping[str, Any] | None = field(init=False, default=None)
    _chain: bytes = field(init=False, default=b"")
    _good_head: Head | None = field(init=False, default=None)
    _blocks_end: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.track = Track(dict(self.row), committed=self.row["end"] or 0)
        self._chain = codec.genesis(self.row["log_id"])

    @property
    def name(self) -> str:
        """What people know the log by."""
        return f"of {self.row['submission_url']}"

    def begin(self) -> Iterator[str]:
        """What is wrong with the log's own row."""
        row = self.row
        if codec.mark("logs", codec.LOG_MARKED, row) != row["mark"]:
            yield "was changed: its checksum does not fit"
        if hashlib.sha256(row["key"]).digest() != row["log_id"]:
            yield "the key does not hash to the log's id"
        else:
            try:
                self._log = row_log(row)
            except ValueError as error:
                yield str(error)

    def step(self, row: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with the next row of the ledger."""
        if codec.step_digest(self._chain, row) != row["digest"]:
            yield "was changed, or a row before it is missing: its digest does not follow from the one before"
        yield from self._follows(row)
        yield from self._counts(row)
        if row["head_size"] < row["end"]:
            yield f"ends at {row['end']}, beyond its signed head of {row['head_size']} entries"
        elif len(row["edge"]) != HASH * row["end"].bit_count():
            yield f"its edge has {len(row['edge']) / HASH:g} hashes; {row['end']} entries make {row['end'].bit_count()}"
        else:
            yield from self._proof(row)
        yield from self._signature(row)
        if row["note"] and row["end"] > row["start"]:
            self.track.gaps.append((row["start"], row["end"]))
        self._before = row
        self._chain = codec.chain_value(row)

    def block(self, row: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with a row of `blocks`; they come by start."""
        block = row_block(row, self.row["log_id"])
        if not 0 <= block.level <= HIGHEST or block.index < 0 or row["start"] != block.start:
            yield f"a block of level {row['level']} can't begin at {row['start']}"
            return
        if self._blocks_end > block.start:
            yield f"begins at {block.start}, within the block before it"
        self._blocks_end = block.end
        self.track.proven[block.start] = block.end
        found = bisect_left(self.quarantined, block.end) - bisect_left(self.quarantined, block.start)
        if block.quarantined != found:
            yield f"has {block.quarantined} entries in quarantine; {found} are there"
        try:
            holds = block.holds()
        except (ValueError, OverflowError):
            holds = False
        if not holds:
            yield f"its root is not proven to belong to the signed head of {block.head.size} entries"
        yield from self._signature(row)

    def finish(self) -> Iterator[str]:
        """Whether the log's own row says what its ledger says. Faults are of table `logs`."""
        row, last = self.row, self._before
        if last is None:
            if any(row[name] is not None for name in codec.POSITION_COLUMNS):
                yield f"is verified up to {row['end']}, but has no ledger"
            return
        wrong = [name for name in _REPEATED if row[name] != last[name]]
        if wrong:
            yield f"differs from the last row of its ledger in {', '.join(wrong)}: rows are missing or were changed"
        if row["chain"] != self._chain:
            yield "its ledger does not end in the digest that is kept here: rows are missing or were changed"

    def _follows(self, row: Mapping[str, Any]) -> Iterator[str]:
        before = self._before
        if row["seq"] - row["merged"] != (-1 if before is None else before["seq"]):
            yield "a row before it is missing"
        start = self.row["start"] if before is None else before["end"]
        if row["start"] != start:
            yield f"begins at {row['start']}, but what is verified before it ends at {start}"
        if before is not None and not row["note"].startswith(ACCEPTED) and not _same_tree(before, row):
            yield "its edge is not that of the same tree as the one before"

    def _counts(self, row: Mapping[str, Any]) -> Iterator[str]:
        start, end = row["start"], row["end"]
        if row["count"] != end - start:
            yield f"counts {row['count']} entries; from {start} to {end} there are {end - start}"
        found = bisect_left(self.quarantined, end) - bisect_left(self.quarantined, start)
        if not row["note"] and row["quarantined"] != found:
            yield f"has {row['quarantined']} entries in quarantine; {found} are there"

    def _proof(self, row: Mapping[str, Any]) -> Iterator[str]:
        step = row_step(row, self.row["log_id"])
        head = step.head
        try:
            edge = Edge(step.end, step.edge)
            if step.end == head.size:
                holds = edge.root() == head.root and not step.proof and not step.proof_kind
            elif step.proof_kind == "nodes":
                edge.append_nodes(step.proof, head.size)
                holds = edge.root() == head.root
            elif step.proof_kind == "consistency" and step.end:
                holds = verify_consistency(step.end, edge.root(), head.size, head.root, step.proof)
            else:
                holds = step.end == 0 and not step.proof  # every tree begins with nothing
        except (ValueError, OverflowError):
            holds = False
        if not holds:
            yield f"its edge is not proven to belong to the signed head of {head.size} entries"

    def _signature(self, row: Mapping[str, Any]) -> Iterator[str]:
        head = row_head(row)
        if self.check_head is None or self._log is None or head == self._good_head:
            return
        try:
            self.check_head(self._log, head)
        except CerthiaError as error:
            yield f"its signed head does not hold: {error}"
        else:
            self._good_head = head


def _same_tree(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two edges agree in the subtrees that both have: those of the bits in which both sizes begin alike."""
    small, large = before["end"], after["end"]
    shared = (small >> (small ^ large).bit_length()).bit_count() * HASH
    return bool(before["edge"][:shared] == after["edge"][:shared])
