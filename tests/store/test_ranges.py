"""A ledger read through."""

from __future__ import annotations

from collections.abc import AsyncIterator

from certhia.model import Head, Step
from certhia.store.blocks import Block
from certhia.store.ranges import account
from certhia.store.reading import LedgerRow


def row(seq: int, start: int, end: int, *, note: str = "", quarantined: int = 0, merged: int = 1) -> LedgerRow:
    head = Head(end, bytes(32), 1000 * end, b"")
    step = Step(b"log", start, end, quarantined, b"", head, note=note)
    return LedgerRow(seq, step, end - start, merged, bytes(32))


async def stream(*rows: LedgerRow) -> AsyncIterator[LedgerRow]:
    for one in rows:
        yield one


async def test_steps_that_follow_each_other_are_one_range() -> None:
    read = await account(
        stream(row(0, 5, 5), row(1, 5, 9, quarantined=1), row(4, 9, 20, merged=3), row(5, 20, 30, note="skipped x"))
    )
    assert read.anchor == 5
    ((one,), (gap,)) = (read.verified, read.gaps)
    assert (one.start, one.end, one.count, one.quarantined, one.steps) == (5, 20, 15, 1, 4)
    assert (one.first.size, one.last.size) == (9, 20)
    assert (gap.start, gap.end, gap.note) == (20, 30, "skipped x")


async def test_an_empty_ledger() -> None:
    read = await account(stream())
    assert (read.anchor, read.ranges) == (None, [])


def block(level: int, index: int, size: int, *, quarantined: int = 0) -> Block:
    return Block(b"log", level, index, bytes(32), (), Head(size, bytes(32), 1000 * size, b""), quarantined, 0.0)


async def test_blocks_stand_beside_the_steps_and_are_one_with_them_where_they_meet() -> None:
    rows = (row(0, 8, 8), row(1, 8, 20), row(2, 20, 40, note="skipped x"), row(3, 40, 50))
    read = await account(stream(*rows), [block(2, 1, 60, quarantined=2), block(2, 6, 9)])
    assert [(one.start, one.end, one.note) for one in read.ranges] == [
        (4, 20, ""),
        (20, 24, "skipped x"),
        (24, 28, ""),
        (28, 40, "skipped x"),
        (40, 50, ""),
    ]
    first = read.ranges[0]
    assert (first.steps, first.quarantined, first.first.size, first.last.size) == (2, 2, 20, 60)
    assert read.anchor == 8


async def test_blocks_alone() -> None:
    read = await account(stream(), [block(2, 1, 60), block(3, 1, 60)])
    assert [(one.start, one.end) for one in read.verified] == [(4, 16)]
