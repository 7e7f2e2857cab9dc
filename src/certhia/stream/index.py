"""All that the history holds, in memory: its files, their rows by sequence number, and how far logs have come."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from certhia.model import Log
from certhia.store.spans import Span, joined, without
from certhia.stream.packing import Reach
from certhia.stream.records import DOUBTFUL, Kind
from certhia.stream.rows import Row
from certhia.stream.segments import Segment

TOLD_APART: Final = 1000  # ranges of a log that came again; more of them count as one


class Stored(NamedTuple):
    """A row, and where it stands. `sequence` numbers all pages and proofs in the order of sending."""

    sequence: int
    segment: Segment
    row: Row


class Piece(NamedTuple):
    """Entries [start, end) of a stored page."""

    stored: Stored
    start: int
    end: int


class Loss(NamedTuple):
    """What a run lost: rows from the number `low` on may be missing; the run after it begins at `high`.

    `began` is when that run began, Unix seconds.
    """

    low: int
    high: int
    began: float


class Index:
    """Changed on the event loop alone. There is always one file at least once anything was written."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.reaches: dict[bytes, Reach] = {}  # of now, whether it was recorded or not
        self.logs: dict[bytes, Log] = {}
        self._unrecorded = 0  # numbers behind the last row that went to what could not be recorded
        self.losses: list[Loss] = []
        self.damages: list[int] = []  # numbers behind which rows are missing in files
        self._proven: dict[bytes, list[Span]] = {}  # what proofs cover
        self._absent: dict[bytes, list[Span]] = {}  # what this run sent and could not record
        self._again: dict[bytes, list[Span]] = {}  # what came again

    def __len__(self) -> int:
        return sum(len(segment.rows) for segment in self.segments)

    @property
    def first(self) -> int:
        """The sequence number of the oldest row."""
        return self.segments[0].first if self.segments else 1

    @property
    def next(self) -> int:
        """The sequence number that the next row will have."""
        return (self.segments[-1].end if self.segments else 1) + self._unrecorded

    @property
    def nbytes(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self.segments)

    # --- changed ---

    def extend(self, segment: Segment) -> None:
        """A file that was found, or a new one."""
        self.segments.append(segment)
        self.logs |= segment.logs
        if segment.sound is not None:
            self.lose(Loss(segment.sound, segment.first, segment.began))
        self._unrecorded = 0
        reaches = dict(segment.reaches)
        for number in range(len(segment.rows)):
            self._note(segment.rows[number], reaches)
        for log_id, reach in reaches.items():
            self._reach(log_id, reach)

    def lose(self, loss: Loss) -> None:
        """Something was lost; said once by each file of the run after it."""
        if not self.losses or (self.losses[-1].low, self.losses[-1].began) != (loss.low, loss.began):
            self.losses.append(loss)

    def drop(self) -> Segment:
        """Forgets the oldest file."""
        return self.segments.pop(0)

    def add(self, row: Row) -> int:
        """A row that was written to the newest file; gives its sequence number."""
        segment = self.segments[-1]
        sequence = segment.end
        self._note(row, self.reaches)
        segment.rows.add(row)
        return sequence

    def unrecorded(self, rows: Iterable[tuple[int, bytes, int, int]]) -> None:
        """Rows (kind, log, first, end) that were sent together, and could not be recorded."""
        self._unrecorded += 1
        for kind, log_id, first, end in rows:
            if kind == Kind.PAGE:
                self._absent[log_id] = joined([*self._absent.get(log_id, ()), (first, end)])
                self._reach(log_id, Reach(end))
            else:
                self._reach(log_id, Reach(0, end))

    def recorded(self, log_id: bytes, span: Span) -> list[Span]:
        """What of a range is not among what this run sent and could not record."""
        return without(span, self._absent.get(log_id, ()))

    def reach(self, reaches: Mapping[bytes, Reach]) -> None:
        """Logs have come so far at least."""
        for log_id, reach in reaches.items():
            self._reach(log_id, reach)

    def _reach(self, log_id: bytes, reach: Reach) -> None:
        before = self.reaches.get(log_id, Reach(0))
        proven = before.proven if reach.proven is None else max(reach.proven, before.proven or 0)
        self.reaches[log_id] = Reach(max(before.end, reach.end), proven)

    def _note(self, row: Row, reaches: dict[bytes, Reach]) -> None:
        before = reaches.get(row.log_id)
        end, proven = before if before is not None else Reach(0)
        if row.kind == Kind.PROVEN:
            self._proven[row.log_id] = joined([*self._proven.get(row.log_id, ()), (row.first, row.end)])
            reaches[row.log_id] = Reach(end, max(row.end, proven or 0))
            return
        if row.log_id in self._absent:
            left = [rest for one in self._absent[row.log_id] for rest in without(one, [(row.first, row.end)])]
            self._absent[row.log_id] = left
        if row.first < end:
            again = joined([*self._again.get(row.log_id, ()), (row.first, row.end)])
            self._again[row.log_id] = again if len(again) <= TOLD_APART else [(again[0][0], again[-1][1])]
        reaches[row.log_id] = Reach(max(end, row.end), proven)

    # --- looked up ---

    def locate(self, sequence: int) -> Stored | None:
        """The row with this number, or else the first one behind it; None at the end."""
        at = max(bisect_right(self.segments, sequence, key=lambda segment: segment.first) - 1, 0)
        for segment in self.segments[at:]:
            number = max(sequence - segment.first, 0)
            if number < len(segment.rows):
                return Stored(segment.first + number, segment, segment.rows[number])
        return None

    def before(self, sequence: int) -> dict[bytes, Reach]:
        """How far logs have come when all before this number is sent."""
        at = bisect_right(self.segments, sequence, key=lambda segment: segment.first) - 1
        if at < 0:
            return dict(self.segments[0].reaches) if self.segments else {}
        segment = self.segments[at]
        return segment.rows.reaches(segment.reaches, min(sequence - segment.first, len(segment.rows)))

    def latest(self, log_id: bytes, *, before: int | None = None) -> Iterator[Stored]:
        """The pages and proofs of a log, the newest first."""
        for segment in reversed(self.segments):
            number = None if before is None else before - segment.first
            for at, row in segment.rows.of(log_id, backwards=True, before=number):
                yield Stored(segment.first + at, segment, row)

    def ascending(self, log_id: bytes, file: int = 0) -> Iterator[Stored]:
        """The pages and proofs of a log, the oldest first, from a file on (by its place among `segments`)."""
        for segment in islice(self.segments, file, None):
            for at, row in segment.rows.of(log_id):
                yield Stored(segment.first + at, segment, row)

    def clear(self, log_id: bytes, kind: Kind = Kind.PAGE, *, before: int | None = None) -> int:
        """The number of the last row of a log, below that number, that is not in doubt; 0 where there is none."""
        for segment in reversed(self.segments):
            number = None if before is None else before - segment.first
            for at, row in segment.rows.of(log_id, backwards=True, before=number):
                if row.kind == kind and not row.flags & DOUBTFUL:
                    return segment.first + at
        return 0

    def covering(self, log_id: bytes, span: Span, *, before: int | None = None) -> tuple[list[Piece], list[Span]]:
        """The entries of a log in a range, each as it was recorded last: pieces in order, and what is missing."""
        left, pieces = [span], list[Piece]()
        for segment in reversed(self.segments):
            number = None if before is None else before - segment.first
            for at, row in segment.rows.of(log_id, backwards=True, before=number):
                if left and row.kind == Kind.PAGE and row.end > left[0][0] and row.first < left[-1][1]:
                    stored = Stored(segment.first + at, segment, row)
                    both = [(max(start, row.first), min(end, row.end)) for start, end in left]
                    pieces += [Piece(stored, start, end) for start, end in both if start < end]
                    left = [rest for one in left for rest in without(one, [(row.first, row.end)])]
                if not left:
                    break
            reached = segment.reaches.get(log_id)
            if not left or (reached is not None and reached.end <= left[0][0]):
                break
        return sorted(pieces, key=lambda piece: piece.start), left

    def proven(self, log_id: bytes, span: Span, proof: int) -> tuple[list[Piece], list[Span]]:
        """What the proof with that number covers: each entry as it was recorded last before, and what is missing.

        Where rows are missing between the two, there may have been another entry in between.
        """
        pieces, missing = self.covering(log_id, span, before=proof)
        doubted = [one for one in pieces if any(one.stored.sequence < damage <= proof for damage in self.damages)]
        missing += [(one.start, one.end) for one in doubted]
        return [one for one in pieces if one not in doubted], joined(missing)

    def verified(self, piece: Piece) -> int:
        """Entries of a piece below this index are proven. None are of a page whose entries came twice, as others."""
        log_id, first, end = piece.stored.row.log_id, piece.stored.row.first, piece.stored.row.end
        twice = any(low < end and high > first for low, high in self._again.get(log_id, ()))
        twice = twice or any(piece.stored.sequence < damage for damage in self.damages)  # who knows what was there
        covered = [high for low, high in self._proven.get(log_id, ()) if low <= piece.start < high]
        return 0 if twice or not covered else covered[0]
