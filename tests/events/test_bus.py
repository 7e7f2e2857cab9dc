"""The bus: who is told, and that nobody holds anybody up."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from certhia.concerning import concerning
from certhia.errors import ConfigError
from certhia.events.bus import Bus
from certhia.events.event import Event
from certhia.events.listening import Listeners
from certhia.testing import SimClock


def bus(everywhere: Listeners | None = None) -> Bus:
    return Bus(SimClock(), everywhere=everywhere if everywhere is not None else Listeners())


async def test_a_subscriber_is_told_what_it_asked_for() -> None:
    one = bus()
    events = one.subscribe(("scan.*", "match.found"))
    one.publish("scan.started", {"targets": 3}, source="scan", correlation="s1")
    one.publish("log.failed", {}, source="watch")
    one.publish("match.found", {}, source="watch")
    events.close()
    told = [event async for event in events]
    assert [event.type for event in told] == ["scan.started", "match.found"]
    assert told[0].data == {"targets": 3}
    assert told[0].metadata == {"correlation_id": "s1", "version": 1}


async def test_a_subscription_begins_when_it_is_made_and_waits_for_what_comes() -> None:
    one = bus()
    events = one.subscribe()
    asyncio.get_running_loop().call_soon(lambda: one.publish("a.b", {"n": 1}, source="x"))
    assert (await anext(events)).data == {"n": 1}


async def test_handlers_are_called_at_once_until_they_end() -> None:
    one, told = bus(), list[str]()
    end = one.on("a.*", lambda event: told.append(event.type))
    one.publish("a.b", {}, source="x")
    assert told == ["a.b"]
    end()
    one.publish("a.b", {}, source="x")
    assert told == ["a.b"]


async def test_a_handler_that_fails_costs_the_others_nothing_and_is_said_once() -> None:
    told, said = list[str](), list[str]()
    one = Bus(SimClock(), lambda text, **_: said.append(text), everywhere=Listeners())

    def broken(_: Event) -> None:
        raise ValueError("no")

    one.on("*", broken)
    one.on("*", lambda event: told.append(event.type))
    one.publish("a", {}, source="x")
    one.publish("b", {}, source="x")
    assert told == ["a", "b"]
    assert one.failed == 2
    assert len(said) == 1
    assert "ValueError: no" in said[0]


async def test_an_async_handler_has_its_own_pace() -> None:
    one, told, done = bus(), list[str](), asyncio.Event()

    async def slow(event: Event) -> None:
        await asyncio.sleep(0)
        told.append(event.type)
        if event.type == "a":
            raise ValueError("no")
        done.set()

    one.on(("a", "b"), slow)
    one.publish("a", {}, source="x")
    one.publish("b", {}, source="x")
    assert told == []
    await done.wait()
    assert told == ["a", "b"]
    assert one.failed == 1


async def test_the_certificate_at_work_is_the_correlation() -> None:
    one = bus()
    events = one.subscribe()
    with concerning("ab" * 32):
        one.publish("a", {}, source="x")
    assert (await anext(events)).correlation == "ab" * 32


async def test_those_who_listen_everywhere_hear_all_buses() -> None:
    everywhere, told = Listeners(), list[str]()
    everywhere.add("*", lambda event: told.append(event.source))
    bus(everywhere).publish("a", {}, source="one")
    bus(everywhere).publish("a", {}, source="two")
    assert told == ["one", "two"]


async def test_where_nobody_listens_nothing_is_made() -> None:
    one = bus()
    assert not one.wants("a")
    events = one.subscribe("a")
    assert one.wants("a")
    assert not one.wants("b")
    del events
    gc.collect()
    assert not one.wants("a")


async def test_what_is_no_type_is_told_to_nobody_and_said_once() -> None:
    told, said = list[str](), list[str]()
    one = Bus(SimClock(), lambda text, **_: said.append(text), everywhere=Listeners())
    one.on("*", lambda event: told.append(event.type))
    for wrong in ("new line\nx.y", "new line\nx.y", 5, ["a"], None):
        one.publish(wrong, {}, source="x")  # type: ignore[arg-type]
    assert told == []
    assert [text.partition(" is told")[0] for text in said] == [
        *('an event "new line\\nx.y"', 'an event "5"', "an event \"['a']\"", 'an event "None"'),
    ]


async def test_a_correlation_that_no_header_takes_is_none() -> None:
    one, told = bus(), list[str]()
    one.on("*", lambda event: told.append(event.correlation))
    one.publish("a.b", {}, source="x", correlation="a\r\nb: c")
    one.publish("a.b", {}, source="x", correlation="ab")
    assert told == ["", "ab"]


async def test_nobody_subscribes_to_what_there_is_not() -> None:
    one, everywhere = bus(), Listeners()
    ways: tuple[Callable[[Any], object], ...] = (
        one.subscribe,
        lambda types: one.on(types, print),
        lambda types: everywhere.add(types, print),
    )
    for subscribe in ways:
        for types in ([1], b"scan.*", [], "scan.complete"):
            with pytest.raises(ConfigError):
                subscribe(types)
    with pytest.raises(ConfigError, match="can't be called"):
        one.on("*", "print")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="write 1 or more"):
        one.subscribe(limit=0)
    one.publish("scan.started", {}, source="x")


class Later:
    """A handler that is an object."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def __call__(self, event: Event) -> None:
        self.told.append(event.type)


async def test_an_object_may_be_an_async_handler() -> None:
    one, later = bus(), Later()
    end = one.on("*", later)
    one.publish("a.b", {}, source="x")
    end()
    await asyncio.sleep(0)
    assert later.told == ["a.b"]


async def test_a_coroutine_that_nobody_expects_is_said() -> None:
    said, later = list[str](), Later()
    one = Bus(SimClock(), lambda text, **_: said.append(text), everywhere=Listeners())
    one.on("*", lambda event: later(event) if event.type else None)
    one.publish("a.b", {}, source="x")
    assert said[0].endswith("TypeError: it gave a coroutine, which nobody awaits: write it as `async def`")
