"""Where in the history a client goes on, so that nothing is missing: at most something repeats, after a crash.

An entry may stand there twice: a log was rewound, or a run's last records were lost and its entries came again. Whoever
has its cursor may have it from either, so the first counts; behind a run that lost something, that run's end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from certhia.stream.doubt import lost_before
from certhia.stream.index import Index
from certhia.stream.packing import Reach
from certhia.stream.records import DOUBTFUL, Kind
from certhia.stream.segments import Segment
from certhia.stream.since import After, Since

Order = Literal["arrival", "proof"]

TOO_OLD: Final = "too-old"  # why something is missing: it was there, and had to go
NOT_RECORDED: Final = "not-recorded"  # a disk failed, a record was damaged, or the log was not followed there

NOWHERE: Final = -1  # how far a log has come that is not there yet


class Missing(NamedTuple):
    """Entries [start, end) of a log that a client is not sent. `start` is None where nobody knows which it has, `end`
    where nobody knows yet which comes next."""

    log_id: bytes
    start: int | None
    end: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client goes on.

    Attributes:
        order: of the stream.
        sequence: of the next row.
        index: in that row, entries before this one are not sent; in the order of arrival alone.
        expected: the next entry of each log: where a log comes that is ahead of it, what lies between is missing. In
            the order of proof nothing before it is sent.
        missing: what is known to be missing before that.
    """

    order: Order
    sequence: int
    index: int
    expected: Mapping[bytes, int]
    missing: tuple[Missing, ...] = ()


def find(index: Index, since: Since, order: Order) -> Place:
    """A log that nothing is recorded of may be one that is followed no more, or has shown nothing yet: to refuse would
    keep a browser's EventSource away for ever. What came since is said to be missing, and all that there is follows."""
    if not isinstance(since, After):
        return _at(index, since.at, order)
    logs = [log_id for log_id in index.reaches if log_id.startswith(since.log)]
    if not logs:
        oldest = _oldest(index, order)
        return replace(oldest, missing=(Missing(since.log, since.index + 1, None, TOO_OLD), *oldest.missing))
    if order == "proof" and (place := _after_proof(index, logs[0], since.index)) is not None:
        return place
    return _after(index, logs[0], since.index, order)


def live(index: Index, order: Order) -> Place:
    """The end: nothing is missed, nothing comes again."""
    return _place(index, index.next, order)


def _at(index: Index, moment: float, order: Order) -> Place:
    at = bisect_left(index.segments, moment, key=_newest)
    for segment in index.segments[at : at + 1]:
        first = segment.first + segment.rows.since(moment)
        return _place(index, first, order) if first > index.first else _oldest(index, order)
    return live(index, order)


def _after(index: Index, log_id: bytes, entry: int, order: Order) -> Place:
    known = log_id, entry + 1
    if entry < _beginning(index, log_id, "arrival"):
        return _oldest(index, order, known)
    if entry >= index.reaches[log_id].end:
        return _ahead(index, order, known)
    segment = index.segments[_file(index, log_id, entry, "arrival")]
    hole = segment.first  # where it was sent, if it was not recorded
    reach = segment.reaches.get(log_id)
    end = reach.end if reach is not None else 0
    for number, row in segment.rows.of(log_id):
        sequence = segment.first + number
        if row.kind != Kind.PAGE:
            continue
        if row.first <= entry < row.end:
            if row.flags & DOUBTFUL and (lost := lost_before(index, log_id, Kind.PAGE, sequence)) is not None:
                return _behind(index, lost, order, known)
            is_last = row.end == entry + 1
            return _place(index, sequence + is_last, order, 0 if is_last else entry + 1, known)
        if row.first > entry or row.first < end:  # it is in none, or came again
            return _hole(index, hole, sequence, order, known)
        hole, end = sequence + 1, row.end
    return _hole(index, hole, segment.end, order, known)


def _hole(index: Index, hole: int, until: int, order: Order, known: tuple[bytes, int]) -> Place:
    """For the cursor of an entry that was sent between two rows, and is in none."""
    lost = lost_before(index, known[0], Kind.PAGE, until)
    return _behind(index, hole if lost is None else min(hole, lost), order, known)


def _ahead(index: Index, order: Order, known: tuple[bytes, int]) -> Place:
    """For the cursor of an entry that was not sent, as far as is known: it was lost, or is another server's."""
    if (lost := lost_before(index, known[0], Kind.PAGE, index.next)) is not None:
        return _behind(index, lost, order, known)
    place = _place(index, index.next, order, 0, known)
    others = {log_id: reach for log_id, reach in index.reaches.items() if log_id != known[0]}
    unknown = [Missing(log_id, None, end, NOT_RECORDED) for log_id, end in ends(others, order).items()]
    return replace(place, missing=tuple(unknown))


def _after_proof(index: Index, log_id: bytes, entry: int) -> Place | None:
    """The proof that covered an entry; None where it is not proven yet."""
    reach = index.reaches[log_id]
    if reach.proven is None or entry >= reach.proven:
        return None
    if entry < _beginning(index, log_id, "proof"):
        return _oldest(index, "proof", (log_id, entry + 1))
    for stored in index.ascending(log_id, _file(index, log_id, entry, "proof")):
        row = stored.row
        if row.kind == Kind.PROVEN and row.end > entry:
            lost = lost_before(index, log_id, Kind.PROVEN, stored.sequence) if row.flags & DOUBTFUL else None
            if lost is not None:
                return _behind(index, lost, "proof", (log_id, entry + 1))
            return _place(index, stored.sequence, "proof", 0, (log_id, entry + 1))
    return None


def _behind(index: Index, lost: int, order: Order, known: tuple[bytes, int]) -> Place:
    """Where something was lost."""
    return _oldest(index, order, known) if lost < index.first else _place(index, lost, order, 0, known)


def _place(index: Index, sequence: int, order: Order, entry: int = 0, known: tuple[bytes, int] | None = None) -> Place:
    """`known`: a log, and the entry that the client expects of it."""
    expected = ends(index.before(sequence), order)
    if known is not None:
        expected[known[0]] = known[1]
    return Place(order, sequence, entry, expected)


def _oldest(index: Index, order: Order, known: tuple[bytes, int] | None = None) -> Place:
    """The beginning of the history, and what nobody can tell whether the client has it."""
    begun = {log_id: _beginning(index, log_id, order) for log_id in index.reaches}
    starts = {log_id: known[1] if known is not None and log_id == known[0] else None for log_id in begun}
    lacking = [(starts[log_id], end, log_id) for log_id, end in begun.items()]
    missing = [Missing(log_id, start, end, TOO_OLD) for start, end, log_id in lacking if (start or 0) < end]
    return Place(order, index.first, 0, begun, tuple(sorted(missing, key=_is_unknown)))


def _is_unknown(missing: Missing) -> bool:
    return missing.start is None


def _beginning(index: Index, log_id: bytes, order: Order) -> int:
    """The first entry of a log that is in the history, or comes next."""
    reach = index.segments[0].reaches.get(log_id) if index.segments else None
    if reach is not None:
        known = reach.proven if order == "proof" else reach.end
        if known is not None:
            return known
    if (end := _end(index.reaches, log_id, order)) == NOWHERE:
        return 0
    kind = _kind(order)
    stored = index.ascending(log_id, _file(index, log_id, NOWHERE, order))
    return next((one.row.first for one in stored if one.row.kind == kind), end)


def ends(reaches: Mapping[bytes, Reach], order: Order) -> dict[bytes, int]:
    """What comes next of each log."""
    if order == "arrival":
        return {log_id: reach.end for log_id, reach in reaches.items() if reach.end}
    return {log_id: reach.proven for log_id, reach in reaches.items() if reach.proven is not None}


def _kind(order: Order) -> Kind:
    return Kind.PAGE if order == "arrival" else Kind.PROVEN


def _newest(segment: Segment) -> float:
    """When the last row of a file came; a wall clock that was set back makes it inexact."""
    return segment.rows.seen(len(segment.rows) - 1) if len(segment.rows) else segment.began


def _file(index: Index, log_id: bytes, entry: int, order: Order) -> int:
    """Which file has the row of an entry that was sent first: the last one before which its log had not come so far."""
    return max(bisect_right(index.segments, entry, key=lambda one: _end(one.reaches, log_id, order)) - 1, 0)


def _end(reaches: Mapping[bytes, Reach], log_id: bytes, order: Order) -> int:
    """What comes next of a log; NOWHERE where nothing came."""
    reach = reaches.get(log_id)
    return ends({log_id: reach}, order).get(log_id, NOWHERE) if reach is not None else NOWHERE
