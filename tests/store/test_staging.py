"""Staging: what may follow on what, and what gives way to what comes later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.model import Quarantined
from certhia.store import State
from certhia.store.fsck import check

if TYPE_CHECKING:
    from tests.store.conftest import Book


async def follow(path: Path) -> State:
    return await State.open(path, clock=Clock(), follow=True)


async def test_a_log_must_be_known(state: State, book: Book) -> None:
    with pytest.raises(StateError, match="not made known"):
        state.writer.step(book.anchor(0, 1))
    with pytest.raises(StateError, match="not made known"):
        state.writer.match(book.match(1), ["a"])
    assert state.writer.staged == 0


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


async def test_a_log_described_and_moved_in_one_commit_keeps_both(tmp_path: Path, book: Book) -> None:
    async with await follow(tmp_path) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 9))
        await state.writer.durable()
        state.writer.step(book.step(3, 9))
        state.writer.log(replace(book.log, description="first"))
        await state.writer.durable()
        state.writer.log(replace(book.log, description="second"))
        state.writer.step(book.step(5, 9))
        state.writer.match(book.match(4), [])
        await state.writer.durable()
        (seen,) = await state.logs_seen()
        assert (seen.log.description, seen.position and seen.position.end) == ("second", 5)
        assert [stored.match.verified for stored in await state.matches()] == [True]
        assert await check(state, check_head) == []


async def test_resolved_entries_stay_and_are_counted(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    writer.step(book.anchor(0, 4))
    for index in (1, 2, 7):
        writer.quarantine(Quarantined(book.log.id, index, "why", bytes(32), b"leaf", 1.0))
    writer.step(book.step(4, quarantined=2))
    await writer.durable()
    for _ in range(2):
        writer.resolve(book.log.id, [1, 3, 7])
        await writer.durable()
    assert (await state.totals())["resolved"] == 2
    assert [one.index async for one in state.quarantined(resolved=False)] == [2]
    assert [one.resolved is not None async for one in state.quarantined()] == [True, False, True]
    assert [one.index async for one in state.quarantined(book.log.id, index=7)] == [7]
    assert await check(state) == []
    writer.rewound(book.log.id)  # what lies behind the verified position is read again
    await writer.durable()
    assert ((await state.totals())["quarantine"], (await state.totals())["resolved"]) == (2, 1)
    assert await check(state) == []


@pytest.mark.parametrize("commits", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
async def test_what_stood_in_an_entry_that_is_another_one_now_is_never_proven(
    tmp_path: Path, book: Book, commits: bool, restarts: bool
) -> None:
    """A place is proven by a step only where it was found in what was read last."""
    false, true, both = book.match(7, "false.example.com"), book.match(8, "true.example.com"), book.match(9)
    state = await follow(tmp_path)
    state.writer.log(book.log)
    state.writer.step(book.anchor(5, 12))
    state.writer.arrived(book.log.id, 5, 12)
    state.writer.match(both, [])
    state.writer.match(replace(false, key=b"first" * 6 + b"!!"), [])
    state.writer.sighting(both.key, book.sighting(6))
    state.writer.match(replace(false, sighting=book.sighting(10)), [])
    if commits or restarts:
        await state.writer.durable()
    if restarts:
        await state.close()
        state = await follow(tmp_path)
    else:
        state.writer.rewound(book.log.id)
    async with state:
        state.writer.arrived(book.log.id, 5, 9)
        state.writer.match(true, [])
        state.writer.sighting(both.key, book.sighting(7))
        state.writer.arrived(book.log.id, 9, 12)
        state.writer.match(both, [])
        state.writer.step(book.step(12))
        await state.writer.durable()
        stored = {one.match.key: one for one in await state.matches()}
        assert await check(state) == []
        found = {key: (one.match.verified, one.match.sightings) for key, one in stored.items()}
        assert found.pop(b"first" * 6 + b"!!") == (False, 1), "it was told, and stands nowhere"
        assert found == {false.key: (False, 1), true.key: (True, 1), both.key: (True, 2)}
        assert (await state.totals())["sightings"] == 3


async def test_places_that_arrive_for_the_first_time_cost_nothing(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    writer.step(book.anchor(0, 20))
    writer.match(book.match(3), [])
    staged = writer.staged
    writer.arrived(book.log.id, 4, 10)
    writer.arrived(b"unknown", 0, 10)
    assert writer.staged == staged
    writer.rewound(book.log.id)
    writer.arrived(book.log.id, 4, 10)
    assert writer.staged == staged + 1, "nothing was found there before"
    writer.arrived(book.log.id, 0, 4)
    assert writer.staged == staged + 2
