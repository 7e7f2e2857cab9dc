"""What a pipeline has to do with the bus."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from certhia.clock import Clock
from certhia.events.bus import Bus
from certhia.events.event import Event
from certhia.events.listening import Listeners
from certhia.library.happening import Happening, left_ill
from certhia.model import Health
from certhia.store import State
from certhia.store.eventrow import EventRow
from certhia.store.events import kept
from certhia.testing import SimClock, in_simulated_time


async def test_state_and_sinks_hear_until_the_end(tmp_path: Path) -> None:
    bus, told, said = Bus(everywhere=Listeners()), list[Event](), list[str]()
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        async with AsyncExitStack() as stack:
            happening = Happening.of(
                bus, "watch", state, 5, told.append, stack, clock=Clock(), tell=lambda text, **_: said.append(text)
            )
            assert set(happening.works()) == {"telling how logs are", "keeping events"}
            happening.announcing.reloaded("rules", ["one more"])
        assert not bus.wants("config.reloaded")
        await state.writer.durable()
        assert [one.id async for one in kept(state)] == [one.id for one in told]
    assert len(told) == 1
    assert bus.tell is not None


async def test_a_state_that_fails_is_not_said_twice(tmp_path: Path) -> None:
    bus, said = Bus(everywhere=Listeners()), list[str]()

    def tell(text: str, **_: object) -> None:
        said.append(text)

    async with AsyncExitStack() as stack:
        async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
            Happening.of(bus, "watch", state, 5, lambda _: None, stack, clock=Clock(), tell=tell)
        bus.publish("a.b", {}, source="test")  # the state is closed by now
    assert said == []


@in_simulated_time
async def test_what_an_earlier_run_told_is_looked_up(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state, AsyncExitStack() as stack:
        data = {"log": "First", "kind": "health", "text": "no answer"}
        state.writer.event(EventRow("id1", "log.failed", 1.0, "watch", "", 1, data), 10)
        await state.writer.durable()
        bus, clock = Bus(everywhere=Listeners()), certhia_clock
        happening = Happening.of(
            bus, "watch", state, 5, lambda _: None, stack, clock=clock, tell=lambda text, **_: None
        )
        task = asyncio.ensure_future(happening.works()["telling how logs are"](0))
        await certhia_clock.sleep(1.0)
        assert happening.healths.left == {"First": Health.FAILED}
        task.cancel()


async def test_what_is_over_and_no_longer_kept_is_not_left(tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:

        def put(number: int, type_: str, log: str) -> None:
            data = {"log": log, "kind": "health", "text": ""}
            state.writer.event(EventRow(f"id{number:02}", type_, number, "watch", "", 1, data), 99)

        put(1, "log.degraded", "First")  # that this is over made room for what follows
        put(3, "log.recovered", "Second")
        put(4, "log.recovered", "Third")
        put(5, "log.failed", "Fourth")
        await state.writer.durable()
        assert [sorted((await left_ill(state, most))[0]) for most in (2, 3)] == [["Fourth"], ["First", "Fourth"]]
