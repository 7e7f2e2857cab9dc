"""Rows by number over all files, and what covers a range of a log."""

from __future__ import annotations

from pathlib import Path

from certhia.stream.index import Index
from certhia.stream.packing import Reach
from certhia.stream.records import Kind
from certhia.stream.rows import Row
from certhia.stream.segments import Segment

A, B = b"a" * 32, b"b" * 32


def a_file(index: Index, first: int) -> Segment:
    return Segment(Path(f"{first}"), b"", first, 0.0, None, 100, dict(index.reaches))


def page(index: Index, log_id: bytes, first: int, end: int, kind: Kind = Kind.PAGE) -> int:
    return index.add(Row(kind, 0, log_id, 0, 0, first, end, 0.0))


def some() -> Index:
    """1: a0-9, 2: b0-4 | 3: a10-19, 4: a proven to 15 | 6: a5-9 again, 7: a20-29"""
    index = Index()
    index.extend(a_file(index, 1))
    page(index, A, 0, 10)
    page(index, B, 0, 5)
    index.extend(a_file(index, 3))
    page(index, A, 10, 20)
    page(index, A, 0, 15, Kind.PROVEN)
    index.unrecorded([(Kind.PAGE, B, 5, 8)])
    index.extend(a_file(index, index.next))
    page(index, A, 5, 10)
    page(index, A, 20, 30)
    return index


def test_by_number() -> None:
    index = some()
    assert (index.first, index.next) == (1, 8)
    found = [index.locate(number) for number in range(9)]
    assert [one.sequence if one else None for one in found] == [1, 1, 2, 3, 4, 6, 6, 7, None]
    assert index.before(3) == {A: Reach(10), B: Reach(5)}
    assert index.before(8) == index.reaches == {A: Reach(30, 15), B: Reach(8)}
    assert index.drop().first == 1
    assert index.first == 3


def test_what_covers_a_range() -> None:
    index = some()

    def covering(
        start: int, end: int, before: int | None = None
    ) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
        pieces, missing = index.covering(A, (start, end), before=before)
        return [(one.stored.sequence, one.start, one.end) for one in pieces], missing

    assert covering(0, 30) == ([(1, 0, 5), (6, 5, 10), (3, 10, 20), (7, 20, 30)], [])
    assert covering(3, 12, before=4) == ([(1, 3, 10), (3, 10, 12)], [])
    assert covering(25, 40) == ([(7, 25, 30)], [(30, 40)])
    index.drop()
    assert covering(0, 12) == ([(6, 5, 10), (3, 10, 12)], [(0, 5)])


def test_what_is_proven() -> None:
    index = some()

    def verified(start: int, end: int) -> list[int]:
        return [index.verified(piece) for piece in index.covering(A, (start, end))[0]]

    # What came twice is not told to be proven: one of the two is something else.
    assert verified(0, 30) == [0, 0, 15, 0]
    index.damages.append(4)
    assert verified(10, 12) == [0]
    pieces, missing = index.proven(A, (10, 15), 4)
    assert (pieces, missing) == ([], [(10, 15)])


def test_what_could_not_be_recorded() -> None:
    index = some()
    assert index.recorded(B, (4, 9)) == [(4, 5), (8, 9)]
    page(index, B, 5, 7)
    assert index.recorded(B, (4, 9)) == [(4, 7), (8, 9)]
