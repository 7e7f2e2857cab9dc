"""The index of one file: found by number and by log, and the same after a way over the disk."""

from __future__ import annotations

import pytest

from certhia.errors import Malformed
from certhia.stream.packing import Reach
from certhia.stream.records import Kind
from certhia.stream.rows import Row, Rows

A, B = b"a" * 32, b"b" * 32


def some() -> tuple[Rows, list[Row]]:
    listed = [
        Row(Kind.PAGE, 0, A, 100, 10, 0, 5, 1.0),
        Row(Kind.PAGE, 1, B, 200, 20, 7, 9, 2.0),
        Row(Kind.PROVEN, 0, A, 300, 0, 0, 3, 3.0),
        Row(Kind.PAGE, 0, A, 400, 30, 5, 8, 4.0),
    ]
    rows = Rows()
    for row in listed:
        rows.add(row)
    return rows, listed


def test_by_number_and_by_log() -> None:
    rows, listed = some()
    assert [rows[number] for number in range(len(rows))] == listed
    assert [number for number, _ in rows.of(A)] == [0, 2, 3]
    assert [number for number, _ in rows.of(A, backwards=True, before=3)] == [2, 0]
    assert list(rows.of(b"c" * 32)) == []
    assert (rows.since(0.5), rows.since(2.0), rows.since(9.0)) == (0, 1, 4)
    assert rows.logs == (A, B)


def test_how_far_logs_have_come() -> None:
    rows, _ = some()
    assert rows.reaches({B: Reach(3, 2)}) == {A: Reach(8, 3), B: Reach(9, 2)}
    assert rows.reaches({}, before=1) == {A: Reach(5)}


def test_over_the_disk() -> None:
    rows, listed = some()
    again = Rows.load(rows.dump(), size=430)
    assert [again[number] for number in range(len(again))] == listed


def test_what_makes_no_sense_is_refused() -> None:
    rows, _ = some()
    data = rows.dump()
    for wrong in (b"", data[:-1], data + b"\0", b"\xff" * len(data)):
        with pytest.raises(Malformed, match="an index"):
            Rows.load(wrong, size=430)
    with pytest.raises(Malformed, match="behind the end of the file"):
        Rows.load(data, size=429)


def test_what_a_row_takes() -> None:
    """40 bytes, as the docs say: 36 in columns, 4 among those of its log."""
    rows, _ = some()
    before = len(rows.dump())
    rows.add(Row(Kind.PAGE, 0, A, 0, 0, 0, 0, 0.0))
    assert len(rows.dump()) - before == 36
