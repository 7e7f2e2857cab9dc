"""Events as they are stored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.store.conftest import both

from certhia.clock import Clock
from certhia.events.bus import Bus
from certhia.library.storing import stored
from certhia.store import State
from certhia.store.eventrow import EventRow
from certhia.store.events import append, kept


def row(number: int, kind: str = "a.b", at: float = 0.0) -> EventRow:
    return EventRow(f"{number:08d}", kind, at or float(number), "test", "ab", 1, {"n": number})


async def ids(state: State, *types: str, since: float = 0.0, after: str = "", most: int = 0) -> list[int]:
    return [int(one.id) async for one in kept(state, types or ("*",), since=since, after=after, most=most)]


@both
async def test_they_come_back_as_they_were_the_oldest_first(state: State) -> None:
    for number, kind in enumerate(("scan.started", "log.failed", "scan.completed"), 1):
        state.writer.event(row(number, kind), 10)
    await state.writer.durable()
    assert [one async for one in kept(state)] == [
        row(1, "scan.started"),
        row(2, "log.failed"),
        row(3, "scan.completed"),
    ]
    assert await ids(state, "scan.*") == [1, 3]
    assert await ids(state, "log.failed", "scan.started") == [1, 2]
    assert await ids(state, "none.*") == []
    assert await ids(state, since=2.0) == [2, 3]
    assert await ids(state, after=f"{2:08d}") == [3]
    assert await ids(state, most=2) == [2, 3]


@both
async def test_the_last_ones_of_each_type_are_kept(state: State) -> None:
    state.writer.event(row(1, "log.failed"), 20)
    for number in range(2, 200):
        state.writer.event(row(number), 20)
        if number % 7 == 0:
            await state.writer.durable()
    await state.writer.durable()
    there = await ids(state, "a.b")
    assert there == list(range(there[0], 200))
    assert 20 <= len(there) <= 22, "trimmed now and then, not with each"
    assert await ids(state, "log.failed") == [1]


@both
async def test_a_cap_that_is_lower_now_holds_from_the_first_event(state: State) -> None:
    for number in range(1, 21):
        state.writer.event(row(number), 20)
    await state.writer.durable()
    state.writer.event(row(21), 5)
    await state.writer.durable()
    state.writer.event(row(22), 5)
    await state.writer.durable()
    assert len(await ids(state)) <= 7


@both
async def test_a_process_beside_the_follower_adds_its_own(state: State) -> None:
    state.writer.event(row(2), 10)
    await state.writer.durable()
    await append(state, [row(1), row(3, "b \ud800\0")], {"a.b": 10})
    assert await ids(state) == [1, 2, 3]
    await append(state, [], {"a.b": 1})
    assert await ids(state, "a.b") == [2]


@both
async def test_a_scan_stores_its_own_beside_the_follower(state: State) -> None:
    bus, said = Bus(), list[str]()
    async with stored(bus, state.place, 2, Clock(), lambda text, **_: said.append(text), made=False):
        for number in range(5):
            bus.publish("scan.progress", {"done": number}, source="scan", correlation="ab" * 16)
    assert [one.data["done"] async for one in kept(state)] == [3, 4]
    assert said == []


@both
async def test_no_event_whatever_is_in_it_ends_a_commit(state: State) -> None:
    for value in (object(), {1}, float("nan"), {b"x": 1}):
        with pytest.raises((TypeError, ValueError)):
            state.writer.event(replace(row(1), data={"x": value}), 5)
    assert state.writer.staged == 0
    for number in range(9):
        state.writer.event(replace(row(number, "a.\ud800\0"), correlation="\udcff"), 5)
        await state.writer.durable()
    assert {one.type async for one in kept(state)} == {r"a.\ud800\x00"}
    assert len(await ids(state)) <= 6
    await append(state, [row(20, "a.\ud800\0")], {"a.\ud800\0": 1})
    assert await ids(state) == [20]
