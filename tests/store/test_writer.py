"""Staging and committing: what moves together, what may follow on what, and what a failure does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.model import Quarantined
from certhia.store import State, Writer
from certhia.testing import SimClock, in_simulated_time

if TYPE_CHECKING:
    from tests.store.conftest import Book


async def follow(path: Path) -> State:
    return await State.open(path, clock=Clock(), follow=True)


async def until_committed(writer: Writer, clock: Clock) -> float:
    """Seconds until nothing is staged any more."""
    began = clock.monotonic()
    while writer.staged:
        await clock.sleep(0.01)
    return clock.monotonic() - began


async def test_a_position_is_the_last_steps(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.step(book.anchor(5, 9))
    state.writer.step(book.step(7, 9))
    await state.writer.durable()
    position = (await state.positions())[book.log.id]
    assert (position.start, position.end, position.head.size) == (5, 7, 9)
    assert position.edge == book.step(7).edge
    assert [row.step.end async for row in state.steps()] == [5, 7]


async def test_positions_survive_a_restart_and_the_ledger_goes_on(tmp_path: Path, book: Book) -> None:
    async with await follow(tmp_path) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 3))
        state.writer.step(book.step(3))
    async with await follow(tmp_path) as state:
        assert state.writer.position(book.log.id) == 3
        state.writer.step(book.step(10))
    async with await State.open(tmp_path, clock=Clock(), follow=False) as state:
        assert [(row.seq, row.step.start, row.step.end) async for row in state.steps(book.log.id)] == [
            (0, 0, 0),
            (1, 0, 3),
            (2, 3, 10),
        ]
        (seen,) = await state.logs_seen()
        assert seen.log.key == book.log.key
        assert seen.position is not None


async def test_a_step_that_does_not_follow_is_a_bug(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    with pytest.raises(StateError, match="first step of a log is an anchor"):
        writer.step(book.step(4, start=0))
    writer.step(book.anchor(4))
    for wrong in (
        book.step(8, start=5),
        book.step(8, start=3),
        replace(book.step(8, start=4), edge=b"\0" * 64),
        replace(book.step(8, start=4), end=9),
        replace(book.step(8, start=4), quarantined=5),
        replace(book.step(4, start=4), edge=b"\0" * 32),
    ):
        with pytest.raises(StateError, match=r"https://alpha.example/: a step .* \(a bug: report it\)"):
            writer.step(wrong)
    writer.step(book.step(8, start=4))
    await writer.durable()
    assert (await state.positions())[book.log.id].end == 8


async def test_a_log_must_be_known(state: State, book: Book) -> None:
    with pytest.raises(StateError, match="not made known"):
        state.writer.step(book.anchor(0, 1))
    with pytest.raises(StateError, match="not made known"):
        state.writer.match(book.match(1), ["a"])
    assert state.writer.staged == 0


async def test_a_skipped_range_is_no_proof(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    writer.step(book.anchor(0, 4))
    writer.match(book.match(2), [])
    writer.match(book.match(6), [])
    writer.step(book.step(4))
    writer.step(book.step(8, note="skipped as asked"))
    writer.step(book.step(10))
    writer.match(book.match(7), [])
    writer.match(book.match(9), [])
    await writer.durable()
    verified = {stored.match.sighting.index: stored.match.verified for stored in await state.matches()}
    assert verified == {2: True, 6: False, 7: False, 9: True}


async def test_sightings_turn_verified_with_their_step(state: State, make_book: Callable[..., Book]) -> None:
    one, other = make_book("one"), make_book("other")
    writer = state.writer
    for book in (one, other):
        writer.log(book.log)
        writer.step(book.anchor(0, 1))
    writer.match(one.match(3), ["a"])
    writer.sighting(one.match(3).key, other.sighting(30))
    await writer.durable()
    assert [stored.match.verified for stored in await state.matches()] == [False]
    writer.step(one.step(3))
    await writer.durable()
    assert [stored.match.verified for stored in await state.matches()] == [False]
    writer.step(other.step(31))
    await writer.durable()
    (stored,) = await state.matches()
    assert stored.match.verified
    assert stored.match.sightings == 2
    assert await state.sighted(one.log.id, [2, 3, 4]) == {3}


async def test_a_match_is_stored_once(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    match = book.match(1)
    writer.match(match, ["a", "b"])
    writer.match(replace(match, sighting=book.sighting(2)), ["a", "b"])
    assert await state.find([match.key]) == {match.key: 1}
    await writer.durable()
    writer.match(replace(match, sighting=book.sighting(3)), ["a", "b"])
    writer.match(book.match(4), ["a"])
    await writer.durable()
    writer.sighting(match.key, book.sighting(3))
    writer.sighting(b"nobody knows it", book.sighting(9))
    await writer.durable()
    assert await state.totals() == {
        "logs": 1,
        "quarantine": 0,
        "matches": 2,
        "sightings": 4,
        "deliveries": 3,
        "delivered": 0,
    }
    found = await state.find([match.key, book.match(4).key, b"unknown"])
    assert set(found) == {match.key, book.match(4).key}
    first = (await state.matches())[-1].match
    assert first == replace(match, sightings=3)


async def test_what_a_log_serves_again_rightly_takes_the_place(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    writer.step(book.anchor(0, 9))
    false, true = book.match(5, "false.example.com"), book.match(5, "www.example.com")
    true = replace(true, key=b"another")
    writer.match(false, [])
    await writer.durable()
    writer.match(true, [])
    writer.step(book.step(9))
    await writer.durable()
    stored = {one.match.key: one.match.verified for one in await state.matches()}
    assert stored == {false.key: False, true.key: True}
    assert (await state.totals())["sightings"] == 1


async def test_quarantine_before_the_position_is_kept_and_after_it_is_read_again(tmp_path: Path, book: Book) -> None:
    async with await follow(tmp_path) as state:
        writer = state.writer
        writer.log(book.log)
        writer.step(book.anchor(0, 10))
        for index in (1, 7, 8):
            writer.quarantine(Quarantined(book.log.id, index, "why \udcff\0", b"h" * 32, b"leaf", 1.0))
        writer.quarantine(Quarantined(book.log.id, 2, "large", b"h" * 32, b"l" * 100_000, 1.0))
        writer.step(book.step(5, 10, quarantined=2))
        await writer.durable()
        assert [entry.index async for entry in state.quarantined()] == [1, 2, 7, 8]
        writer.quarantine(Quarantined(book.log.id, 9, "why", b"h" * 32))
        writer.rewound(book.log.id)
        writer.quarantine(Quarantined(book.log.id, 6, "why", b"h" * 32))
        await writer.durable()
        kept = [entry async for entry in state.quarantined(book.log.id)]
        assert [entry.index for entry in kept] == [1, 2, 6]
        assert (kept[0].reason, kept[0].leaf_input, kept[1].leaf_input) == (r"why \udcff\x00", b"leaf", b"")
    async with await follow(tmp_path) as state:
        assert [entry.index async for entry in state.quarantined()] == [1, 2]
        assert (await state.totals())["quarantine"] == 2


async def test_descriptions_follow_the_list(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.step(book.anchor(0, 3))
    state.writer.log(replace(book.log, description="Renamed \0\udc00", mmd=1 << 70))
    await state.writer.durable()
    staged = state.writer.staged
    state.writer.log(replace(book.log, description="Renamed \0\udc00", mmd=1 << 70))
    assert staged == state.writer.staged == 0
    (seen,) = await state.logs_seen()
    assert seen.log.description == r"Renamed \x00\udc00"
    assert seen.position is not None


async def test_a_hostile_timestamp_is_cut_to_what_a_column_holds(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.match(replace(book.match(1), sighting=replace(book.sighting(1), timestamp=2**64 - 1)), [])
    await state.writer.durable()
    assert (await state.matches())[0].match.sighting.timestamp == 2**64 - 1


async def test_settings(state: State) -> None:
    assert await state.recall("pace") is None
    await state.remember("pace", "1")
    await state.remember("pace", "2 \udcff")
    await state.writer.durable()
    assert await state.recall("pace") == r"2 \udcff"
    await state.remember("pace", None)
    await state.writer.durable()
    assert await state.recall("pace") is None


@in_simulated_time
async def test_steps_are_committed_after_a_quarter_second_and_matches_at_once(
    certhia_clock: SimClock, tmp_path: Path, book: Book
) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        writer = state.writer
        task = asyncio.ensure_future(writer.run())
        writer.log(book.log)
        writer.step(book.anchor(0, 9))
        assert 0.25 <= await until_committed(writer, certhia_clock) < 0.3
        writer.step(book.step(9))
        writer.match(book.match(1), ["a"])
        assert await until_committed(writer, certhia_clock) < 0.1
        await certhia_clock.sleep(3600)  # nothing staged: nothing to do
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_cancelling_loses_nothing_that_was_staged(tmp_path: Path, book: Book) -> None:
    async with await follow(tmp_path) as state:
        started = asyncio.Event()
        assert state._writers is not None
        event.listen(state._writers.sync_engine, "before_cursor_execute", lambda *_: started.set())
        task = asyncio.ensure_future(state.writer.run())
        state.writer.log(book.log)
        state.writer.match(book.match(1), ["a"])
        await started.wait()
        state.writer.match(book.match(2), ["a"])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        state.writer.match(book.match(3), ["a"])
    async with await State.open(tmp_path, clock=Clock(), follow=False) as state:
        assert (await state.totals())["deliveries"] == 3


async def test_requests_come_from_beside(state: State) -> None:
    async with await State.open(state.directory, clock=Clock(), follow=False) as beside:
        number = await beside.request("accept", '{"log": "alpha \udcff"}')
        with pytest.raises(StateError, match="read only"):
            _ = beside.writer
        (request,) = await state.requests()
        assert (request.id, request.kind, request.payload) == (number, "accept", '{"log": "alpha \\udcff"}')
        assert await beside.answer(number) is None
        state.writer.answer(number, "done")
        await state.writer.durable()
        assert await beside.answer(number) == "done"
        assert await state.requests() == []
