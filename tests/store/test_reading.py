"""What can be asked of a state."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import both

from certhia.clock import Clock
from certhia.model import Quarantined
from certhia.store import State, reading

if TYPE_CHECKING:
    from tests.store.conftest import Book


@both
async def test_matches_are_given_newest_first(state: State, book: Book) -> None:
    state.writer.log(book.log)
    for index in range(5):
        state.writer.match(book.match(index), ["a"])
    await state.writer.durable()
    newest = await state.matches(limit=2)
    assert [stored.match.sighting.index for stored in newest] == [4, 3]
    older = await state.matches(before=newest[-1].id)
    assert [stored.match.sighting.index for stored in older] == [2, 1, 0]
    seen = book.match(2).seen
    assert [one.match.sighting.index for one in await state.matches(since=seen, until=seen + 2)] == [3, 2]
    assert newest[0].match == book.match(4)
    assert await state.queues() == {"a": 5}


async def test_whoever_takes_long_over_the_ledger_holds_nothing_open(
    state: State, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write-ahead log can be let go of between any two rows, and rows that became one are given."""
    monkeypatch.setattr(reading, "AT_ONCE", 4)
    hour, begin = 3600.0, 498_611 * 3600.0
    state.writer.log(book.log)
    state.writer.step(book.anchor(0, 100))
    for end in range(1, 21):
        state.writer.step(book.step(end, 100, at=begin + end))
    await state.writer.durable()
    async with await State.open(state.place, clock=Clock(), follow=False) as beside:
        seen = []
        async for row in beside.steps_at_leisure(book.log.id):
            seen.append((row.seq, row.step.start, row.step.end))
            state.writer.remember("seen", str(row.seq))
            await state.writer.durable()
            with closing(sqlite3.connect(state.file)) as connection:
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert not busy, "nobody is in the way of it"
            if row.seq == 6:
                await state.writer.compact(begin + hour)
        assert seen == [*((seq, max(seq - 1, 0), seq) for seq in range(8)), (19, 0, 19), (20, 19, 20)]


@both
async def test_ranges_of_what_is_unresolved_for_a_reason(state: State, book: Book) -> None:
    other = replace(book.log, id=b"other" + bytes(27))
    for log, indices, reason in (
        (book.log, (*range(300, 512), 7, 600, 601), "hash alone"),
        (book.log, (512, 8), "another"),
        (other, (8,), "hash alone"),
    ):
        state.writer.log(log)
        for index in indices:
            state.writer.quarantine(Quarantined(log.id, index, reason, bytes(32), b"", 1.0))
    state.writer.resolve(book.log.id, [310, 600])
    await state.writer.durable()
    assert await state.unresolved("hash alone") == {
        book.log.id: [(7, 8), (300, 310), (311, 512), (601, 602)],
        other.id: [(8, 9)],
    }
    assert await state.unresolved("none") == {}


@both
async def test_what_is_quarantined_is_read_a_piece_at_a_time(
    state: State, make_book: Callable[..., Book], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries that turn readable on the way are in nobody's way, and no other one is passed over or given twice."""
    monkeypatch.setattr(reading, "AT_ONCE", 4)
    books = [make_book("alpha"), make_book("beta")]
    for book in books:
        state.writer.log(book.log)
        for index in range(7):
            state.writer.quarantine(Quarantined(book.log.id, index, "why", bytes(32)))
    await state.writer.durable()
    seen = []
    async for one in state.quarantined(resolved=False):
        seen.append((one.log_id, one.index))
        state.writer.resolve(one.log_id, [one.index])
        await state.writer.durable()
        with closing(sqlite3.connect(state.file)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy
    assert seen == [(book.log.id, index) for book in books for index in range(7)]
    assert [one async for one in state.quarantined(resolved=False)] == []
    assert len([one async for one in state.quarantined(books[1].log.id)]) == 7
