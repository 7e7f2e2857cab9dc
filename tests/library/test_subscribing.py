"""`certhia.subscribe`: what happens in this process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.library.test_watching import watching

import certhia
from certhia.clock import Clock
from certhia.events.keeping import event_of
from certhia.store import State
from certhia.store.events import kept
from certhia.store.place import Place
from certhia.testing import World, in_simulated_time


@pytest.fixture
def world(certhia_world: World) -> World:
    certhia_world.rfc6962("one")
    certhia_world.grow(5)
    return certhia_world


@in_simulated_time
async def test_a_watch_is_heard_by_whoever_subscribed(world: World) -> None:
    events = certhia.subscribe(["match.found", "domain.discovered"])
    keys = {match.key.hex() async for match in watching(world, until="now")}
    events.close()
    told = [event async for event in events]
    assert {event.correlation for event in told} == keys
    assert sorted(event.type for event in told) == ["domain.discovered"] * 5 + ["match.found"] * 5
    assert {event.source for event in told} == {"watch"}


@in_simulated_time
async def test_a_bus_of_ones_own_hears_its_own_watch_alone(world: World) -> None:
    mine, other, told = certhia.Bus(world.clock), certhia.Bus(world.clock), list[certhia.Event]()
    mine.on("match.found", told.append)
    other.on("match.found", told.append)
    assert len([match async for match in watching(world, until="now", events=mine)]) == 5
    assert len(told) == 5


@in_simulated_time
async def test_a_loop_beside_the_watch(world: World) -> None:
    found = list[str]()

    async def listen() -> None:
        async with certhia.subscribe("match.found") as events:
            async for event in events:
                found.append(event.correlation)
                if len(found) == 5:
                    return

    async with asyncio.TaskGroup() as group:
        task = group.create_task(listen())
        await asyncio.sleep(0)
        keys = [match.key.hex() async for match in watching(world, until="now")]
        await task
    assert sorted(found) == sorted(keys)


@in_simulated_time
async def test_handlers_plain_and_async(world: World) -> None:
    plain, slow = list[str](), list[str]()

    async def later(event: certhia.Event) -> None:
        await asyncio.sleep(0)
        slow.append(event.type)

    ends = [
        certhia.subscribe("match.*", lambda event: plain.append(event.type)),
        certhia.subscribe("match.*", later),
    ]
    assert len([match async for match in watching(world, until="now")]) == 5
    assert plain == slow == ["match.found"] * 5
    for end in ends:
        end()
    assert not certhia.Bus().wants("match.found")


async def test_a_handler_that_fails_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()

    async def broken(event: certhia.Event) -> None:
        if event.data["n"] == 2:
            done.set()
        raise ValueError("no")

    end = certhia.subscribe("a.b", broken)
    bus = certhia.Bus()
    bus.publish("a.b", {"n": 1}, source="x")
    bus.publish("a.b", {"n": 2}, source="x")
    await done.wait()
    end()
    assert "broken failed at an event: ValueError: no" in caplog.text


@in_simulated_time
async def test_the_state_keeps_what_happened(world: World, tmp_path: Path) -> None:
    told = list[certhia.Event]()
    mine = certhia.Bus(world.clock)
    mine.on("*", told.append)
    assert len([match async for match in watching(world, until="now", state=tmp_path, events=mine)]) == 5
    async with await State.open(Place(tmp_path), clock=Clock(), follow=False) as state:
        assert [event_of(one) async for one in kept(state)] == told


@in_simulated_time
async def test_none_are_kept_where_none_are_wanted(world: World, tmp_path: Path) -> None:
    options = {"read.poll_static": 1, "read.poll_rfc6962": 1, "read.patience": 2, "state.max_events": 0}
    assert len([match async for match in watching(world, until="now", state=tmp_path, options=options)]) == 5
    async with await State.open(Place(tmp_path), clock=Clock(), follow=False) as state:
        assert [one async for one in kept(state)] == []
