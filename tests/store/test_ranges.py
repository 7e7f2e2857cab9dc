"""A ledger read through."""

from __future__ import annotations

from collections.abc import AsyncIterator

from certhia.model import Head, Step
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
