"""What the writer knows of each log: its row, its verified position, and the chain of its ledger.

Positions here are those of what was staged; `committed` follows once the transaction is through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from certhia.errors import StateError
from certhia.model import Head, Log, Protocol, Step
from certhia.store import codec
from certhia.store.backfills import Backfill
from certhia.store.blocks import Block
from certhia.store.freezes import Freeze, freeze_row, is_acceptance
from certhia.store.spans import Span, joined, within, without

HASH: Final = 32  # bytes


@dataclass(frozen=True, slots=True)
class Position:
    """The verified position of a log: [start, end) was proven to belong to `head`."""

    log_id: bytes
    start: int
    end: int
    edge: bytes  # roots of the perfect subtrees of [0, end), largest first
    head: Head
    at: float  # Unix seconds


@dataclass(slots=True)
class Track:
    """One log. `row` is what its row in `logs` is to hold; `gaps` are the ranges that were skipped, in order."""

    row: dict[str, Any]
    committed: int = 0  # verified position that is on disk
    unverified: bool = False  # sightings wait for a step
    sighted: int = 0  # one past the last entry in which something was found
    top: int = 0  # no sighting is stored or staged at this entry or after it
    doubtful: int = 0  # what was found before this entry, and isn't proven, may be of an earlier reading
    gaps: list[tuple[int, int]] = field(default_factory=list)
    frozen: dict[str, Any] | None = None  # its row of `freezes`, until that is accepted
    freezes: int = 0  # rows of `freezes`
    blocks: dict[int, Block] = field(default_factory=dict)  # by start
    proven: dict[int, int] = field(default_factory=dict)  # the ends of blocks that are on disk, by start
    backfills: dict[int, Backfill] = field(default_factory=dict)  # by number

    @property
    def id(self) -> int:
        """The number that stands for the log in rows."""
        number: int = self.row["id"]
        return number

    @property
    def log_id(self) -> bytes:
        """SHA-256 of the log's key."""
        identity: bytes = self.row["log_id"]
        return identity

    @property
    def end(self) -> int | None:
        """The verified position, None before the first step."""
        end: int | None = self.row["end"]
        return end

    def covers(self, index: int, end: int) -> bool:
        """Whether the entry at `index` is proven, where all before `end` is, save what was skipped."""
        start = self.row["start"]
        if start is not None and start <= index < end and not within(index, self.gaps):
            return True
        return within(index, self.proven.items())

    def verified(self) -> list[Span]:
        """All that is proven, by steps and by blocks, in order."""
        followed = [] if self.end is None else without((self.row["start"], self.end), self.gaps)
        return joined([*followed, *((block.start, block.end) for block in self.blocks.values())])

    def describe(self, log: Log) -> bool:
        """Takes over what a log list says of the log now; tells whether that changed anything."""
        new = log_fields(log)
        if all(self.row[name] == value for name, value in new.items()):
            return False
        self.row.update(new)
        self._sign()
        return True

    def freeze(self, freeze: Freeze) -> dict[str, Any]:
        """From here on no step is taken but the one that accepts it; gives the row of `freezes`."""
        self.frozen = freeze_row(self.id, self.freezes, freeze)
        self.freezes += 1
        return self.frozen

    def accept(self, at: float) -> dict[str, Any]:
        """Steps are taken again; gives the row of `freezes`, accepted `at` (Unix seconds)."""
        assert self.frozen is not None
        row, self.frozen = self.frozen | {"accepted": float(at)}, None
        return row

    def advance(self, step: Step) -> dict[str, Any]:
        """Moves the position by `step`; gives its row for the ledger. Raises StateError where it doesn't follow."""
        self._check(step)
        before = self.row["chain"] if self.row["chain"] is not None else codec.genesis(self.log_id)
        row = step_row(step, seq=0 if self.row["seq"] is None else self.row["seq"] + 1)
        row["digest"] = codec.step_digest(before, row)
        row["log"] = self.id
        if step.note and step.end > step.start:
            self.gaps.append((step.start, step.end))
        if self.row["start"] is None:
            self.row["start"] = step.start
        for name in ("end", "edge", "head_size", "head_root", "head_timestamp", "head_raw", "at", "seq"):
            self.row[name] = row[name]
        self.row["chain"] = row["digest"]
        self._sign()
        return row

    def _sign(self) -> None:
        self.row["mark"] = codec.mark("logs", codec.LOG_MARKED, self.row)

    def _check(self, step: Step) -> None:
        name = self.row["submission_url"]
        wrong = ""
        if self.frozen is not None:
            wrong = "the log is frozen"
        elif self.end is None:
            if step.start != step.end and not step.note:
                wrong = "the first step of a log is an anchor"
        elif step.start != self.end:
            wrong = f"the verified position is {self.end}"
        elif step.start == step.end and step.edge != self.row["edge"] and not is_acceptance(step):
            wrong = "the edge differs from that of the same position"
        if not 0 <= step.start <= step.end <= step.head.size <= codec.WIDEST:
            wrong = f"the head covers {step.head.size} entries"
        elif len(step.edge) != HASH * step.end.bit_count():
            wrong = f"an edge of {step.end} entries has {step.end.bit_count()} hashes, not {len(step.edge) / HASH:g}"
        elif not 0 <= step.quarantined <= step.end - step.start:
            wrong = f"{step.quarantined} entries in quarantine"
        elif len(step.head.root) != HASH or any(len(node) != HASH for node in step.proof):
            wrong = "hashes have 32 bytes"
        elif not 0 <= step.head.timestamp <= codec.WIDEST:
            wrong = f"the head's timestamp is {step.head.timestamp}"
        if wrong:
            raise StateError(
                f"{name}: a step from {step.start} to {step.end} can't be recorded: {wrong} (a bug: report it)"
            )


def new_track(number: int, log: Log, at: float) -> Track:
    """A log that was never seen before."""
    row: dict[str, Any] = dict.fromkeys(codec.LOG_COLUMNS)
    row.update(log_fields(log), id=number, first_seen=float(at))
    track = Track(row)
    track._sign()
    return track


def log_fields(log: Log) -> dict[str, Any]:
    """The columns of `logs` that describe the log."""
    return {
        "log_id": log.id,
        "key": log.key,
        "description": codec.plain(log.description),
        "operator": codec.plain(log.operator),
        "protocol": str(log.protocol),
        "submission_url": codec.plain(log.submission_url),
        "monitoring_url": codec.plain(log.monitoring_url),
        "mmd": min(log.mmd, codec.WIDEST),
    }


def step_row(step: Step, seq: int) -> dict[str, Any]:
    """A step's row, but for the log and the digest."""
    return {
        "seq": seq,
        "start": step.start,
        "end": step.end,
        "count": step.end - step.start,
        "quarantined": step.quarantined,
        "edge": step.edge,
        "head_size": step.head.size,
        "head_root": step.head.root,
        "head_timestamp": step.head.timestamp,
        "head_raw": step.head.raw,
        "proof": b"".join(step.proof),
        "proof_kind": step.proof_kind,
        "note": codec.plain(step.note),
        "at": float(step.at),
        "merged": 1,
        "link": b"",
    }


def row_log(row: Mapping[str, Any]) -> Log:
    """The log that a row of `logs` describes."""
    return Log(
        id=row["log_id"],
        key=row["key"],
        description=row["description"],
        operator=row["operator"],
        protocol=Protocol(row["protocol"]),
        submission_url=row["submission_url"],
        monitoring_url=row["monitoring_url"],
        mmd=row["mmd"],
    )


def row_head(row: Mapping[str, Any]) -> Head:
    """The signed head of a row of `logs` or `steps`."""
    return Head(row["head_size"], row["head_root"], row["head_timestamp"], row["head_raw"])


def row_position(row: Mapping[str, Any]) -> Position:
    """The position that a row of `logs` holds."""
    return Position(row["log_id"], row["start"], row["end"], row["edge"], row_head(row), row["at"])


def row_step(row: Mapping[str, Any], log_id: bytes) -> Step:
    """The step that a row of the ledger stands for."""
    nodes = row["proof"]
    return Step(
        log_id=log_id,
        start=row["start"],
        end=row["end"],
        quarantined=row["quarantined"],
        edge=row["edge"],
        head=row_head(row),
        proof=tuple(nodes[at : at + HASH] for at in range(0, len(nodes), HASH)),
        proof_kind=row["proof_kind"],
        note=row["note"],
        at=row["at"],
    )
