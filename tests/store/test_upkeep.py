"""Retention takes what is old and told, and leaves a state in which fsck finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.store.conftest import both

from certhia.logs.heads import check_head
from certhia.model import Protocol, Quarantined
from certhia.store import State
from certhia.store.fsck import check

if TYPE_CHECKING:
    from tests.store.conftest import Book

HOUR = 3600.0
BEGIN = 498_611 * HOUR


@both
async def test_the_oldest_matches_that_were_told_go(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    for index in range(1300):
        writer.match(book.match(index), ["a", "b"] if index < 1200 else [])
    writer.sighting(book.match(3).key, book.sighting(5000))
    await writer.durable()
    told = [delivery.id for sink in "ab" for delivery in await state.pending(sink, limit=2000)]
    kept_back = {delivery.id for delivery in await state.pending("b", limit=2)}
    writer.delivered("a", [number for number in told if number not in kept_back])
    await writer.durable()
    assert await writer.prune(2000) == 0
    assert await writer.prune(100) == 1200
    assert await writer.prune(100) == 0
    totals = await state.totals()
    assert (totals["matches"], totals["sightings"], totals["deliveries"], totals["delivered"]) == (100, 100, 4, 2)
    indices = [stored.match.sighting.index for stored in await state.matches(limit=2000)]
    assert indices == [*range(1299, 1201, -1), 1, 0]
    assert await state.find([book.match(index).key for index in (0, 2, 1299)]) != {}
    assert await check(state) == []


@both
async def test_ids_are_not_given_twice_when_everything_was_pruned(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.match(book.match(1), ["a"])
    await state.writer.durable()
    state.writer.delivered("a", [1])
    await state.writer.prune(0)  # what is staged is not committed by it
    assert (await state.totals())["matches"] == 1
    await state.writer.durable()
    assert await state.writer.prune(0) == 1
    state.writer.match(book.match(1), ["a"])
    await state.writer.durable()
    assert [stored.id for stored in await state.matches()] == [2]
    assert [delivery.id for delivery in await state.pending("a")] == [2]
    assert await check(state) == []


@both
async def test_old_steps_become_one_an_hour(state: State, make_book: Callable[..., Book]) -> None:
    writer = state.writer
    books = [make_book(protocol.value, protocol) for protocol in (Protocol.RFC6962, Protocol.STATIC)]
    for book in books:
        writer.log(book.log)
        writer.step(book.anchor(3, 10))
        for number in range(4, 40):  # one every 10 minutes
            if number == 20:
                writer.step(book.step(500, 1000, note="skipped"))
            end = number if number < 20 else 490 + number
            writer.quarantine(Quarantined(book.log.id, end - 1, "why", bytes(32)))
            writer.step(book.step(end, 1000, quarantined=1, at=BEGIN + 600.0 * number))
    await writer.durable()
    before = await state.positions()
    assert await writer.compact(BEGIN) == 0
    assert await writer.compact(BEGIN + HOUR, books[0].log.id) == 1  # steps 4 and 5 of one log
    assert await writer.compact(BEGIN + 6 * HOUR) > 40
    assert await check(state, check_head) == []
    rows = [row async for row in state.steps(books[0].log.id)]
    assert [row.merged for row in rows] == [1, 2, 6, 6, 2, 1, 4, 6, 6, *[1] * 4]
    assert sum(row.merged for row in rows) == 38
    assert await state.positions() == before
    writer.step(books[1].step(600, 1000))
    await writer.durable()
    assert await writer.compact(BEGIN + 1000 * HOUR) > 0
    assert await check(state, check_head) == []


@both
async def test_the_newest_row_stays_by_itself(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    writer.step(book.anchor(0, 9))
    for end in (2, 4, 6):
        writer.step(book.step(end, 9))
    await writer.durable()
    assert await writer.compact(1e12) == 1
    assert [(row.merged, row.step.start, row.step.end) async for row in state.steps()] == [
        (1, 0, 0),
        (2, 0, 4),
        (1, 4, 6),
    ]
    assert await check(state, check_head) == []
