"""What was staged since the last commit: plain data, in the order in which it is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from certhia.model import Match, Sighting
from certhia.store.bounds import Digest
from certhia.store.codec import MARKS
from certhia.store.schema import PENDING
from certhia.store.spans import Span, within


@dataclass(slots=True)
class Batch:
    """One transaction to be. Rows are dicts by column; logs by their number."""

    new_logs: dict[int, dict[str, Any]] = field(default_factory=dict)
    moved_logs: dict[int, dict[str, Any]] = field(default_factory=dict)  # position and mark only
    described_logs: dict[int, dict[str, Any]] = field(default_factory=dict)
    forgotten: dict[int, list[Span]] = field(default_factory=dict)  # log: quarantine rows in these ranges go
    quarantine: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    freezes: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)  # rows of freezes, with that time
    withdrawn: dict[int, list[Span]] = field(default_factory=dict)  # log: unproven sightings in these ranges go
    blocks: dict[tuple[int, int], dict[str, Any] | None] = field(default_factory=dict)  # (log, start); None: it goes
    backfills: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)  # (log, number)
    resolved: dict[tuple[int, int], float] = field(default_factory=dict)  # (log, index): Unix seconds
    # id, match, its size, deliveries
    matches: list[tuple[int, Match, int, tuple[tuple[int, str], ...]]] = field(default_factory=list)
    submitted: dict[int, bytes] = field(default_factory=dict)  # id of a match: see `certhia.store.submissions`
    unplaced: set[int] = field(default_factory=set)  # ids of `matches` whose own sighting was withdrawn
    sightings: list[tuple[bytes, int, Sighting]] = field(default_factory=list)  # key, log, sighting
    steps: list[dict[str, Any]] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    attempted: list[tuple[int, float]] = field(default_factory=list)  # delivery, next attempt in Unix seconds
    aside: list[tuple[int, int, float, str]] = field(default_factory=list)  # delivery, state, `next_at`, why
    revived: list[int] = field(default_factory=list)
    counted: dict[int, Digest] = field(default_factory=dict)  # digests that grew, by id
    digests: list[dict[str, Any]] = field(default_factory=list)  # rows
    alarms: dict[tuple[float, str], dict[str, Any]] = field(default_factory=dict)  # (since, key)
    events: dict[str, deque[dict[str, object]]] = field(default_factory=dict)  # by type, rows of the last ones
    trimmed: dict[str, int] = field(default_factory=dict)  # type of events: how many stay
    settings: dict[str, str | None] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    matched: dict[bytes, int] = field(default_factory=dict)  # key: id, of `matches`
    sighted: set[tuple[int, int]] = field(default_factory=set)  # (log, index) of `matches` and `sightings`
    taken: set[tuple[int, int]] = field(default_factory=set)  # those of `sighted` where something may stand already
    doubted: set[bytes] = field(default_factory=set)  # keys of `matches` that may be stored already
    sinks: set[str] = field(default_factory=set)  # those that get deliveries
    last: int = 0  # number of the last staged call
    last_match: int = 0
    last_delivery: int = 0

    def seal(self) -> None:
        """Nothing more comes: what still changes is written down as it is."""
        self.digests += [digest.row(PENDING) for digest in self.counted.values()]
        self.counted = {}

    def forget(self, log: int, spans: Sequence[Span]) -> None:
        """Quarantined entries of a log in these ranges go; those that come later stay."""
        self.forgotten.setdefault(log, []).extend(spans)
        for where, index in list(self.quarantine):
            if where == log and within(index, spans):
                del self.quarantine[where, index]

    def withdraw(self, log: int, log_id: bytes, spans: Sequence[Span]) -> None:
        """Unproven sightings of a log in these ranges go; those that come later stay, and so do matches."""
        self.withdrawn.setdefault(log, []).extend(spans)
        for number, match, _, _ in self.matches:
            if match.sighting.log_id == log_id and within(match.sighting.index, spans):
                self.unplaced.add(number)
        self.sightings = [
            (key, where, one) for key, where, one in self.sightings if where != log or not within(one.index, spans)
        ]


@dataclass(slots=True)
class Tally:
    """Count and sum of marks of a table, and the last id given in it."""

    count: int = 0
    sum: int = 0  # modulo codec.MARKS
    last: int = 0

    def copy(self) -> Tally:
        """As it is now; `dataclasses.replace` takes ten times as long."""
        return Tally(self.count, self.sum, self.last)

    def add(self, marks: Collection[int]) -> None:
        """Rows with these marks came."""
        self.count += len(marks)
        self.sum = (self.sum + sum(marks)) % MARKS

    def take(self, marks: Collection[int]) -> None:
        """Rows with these marks went."""
        self.count -= len(marks)
        self.sum = (self.sum - sum(marks)) % MARKS
