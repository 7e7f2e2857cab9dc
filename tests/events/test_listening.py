"""Subscriptions: bounded, and honest about it."""

from __future__ import annotations

import asyncio
import threading

from certhia.events.event import Event, Ids
from certhia.events.listening import Listeners, Subscription


def event(name: str, n: int = 0) -> Event:
    return Event(f"id{n}", name, float(n), "test", {"n": n}, {"correlation_id": "", "version": 1})


async def test_a_slow_one_is_told_what_it_missed_where_it_is_missing() -> None:
    one = Subscription(Ids(), limit=2)
    for n in range(5):
        one.put(event("a" if n < 4 else "b", n))
    told = [await anext(one)]
    one.put(event("a", 5))
    one.close()
    told += [each async for each in one]
    assert [each.type for each in told] == ["a", "a", "events.missed", "a"]
    assert told[2].data == {"count": 3, "types": {"a": 2, "b": 1}}
    assert [each.data["n"] for each in told if each.type == "a"] == [0, 1, 5]


async def test_what_was_missed_at_the_end_is_told_too() -> None:
    one = Subscription(Ids(), limit=1)
    one.put(event("a"))
    one.put(event("a"))
    one.close()
    assert [each.type async for each in one] == ["a", "events.missed"]


async def test_leaving_the_block_closes_it() -> None:
    listeners = Listeners()
    one = Subscription(Ids())
    one.end = listeners.attach("*", one)
    async with one:
        assert listeners.of("a")
    assert not listeners.of("a")
    one.put(event("a"))
    assert [each async for each in one] == []


async def test_events_may_come_from_other_threads() -> None:
    one = Subscription(Ids())
    task = asyncio.get_running_loop().create_task(anext(one))
    await asyncio.sleep(0)
    thread = threading.Thread(target=one.put, args=(event("a", 7),))
    thread.start()
    assert (await asyncio.wait_for(task, 10)).data == {"n": 7}
    thread.join()


def test_who_wants_a_type_is_looked_up_once_and_again_after_a_change() -> None:
    listeners, told = Listeners(), list[str]()
    assert not listeners
    end = listeners.add(("x.*",), lambda each: told.append(each.type))
    assert listeners.of("x.y")
    assert listeners.of("x.y") is listeners.of("x.y")
    assert not listeners.of("y")
    end()
    assert not listeners.of("x.y")
