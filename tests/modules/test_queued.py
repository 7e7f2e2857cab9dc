"""Pages that wait for modules of worker processes: who is slow delays nobody, and nothing is lost in silence."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from certhia.clock import Clock
from certhia.modules.batch import Entries, Shared
from certhia.modules.queued import LAST, Queued
from certhia.modules.seat import Figures
from certhia.testing import entries_of


@dataclass
class Handed:
    """What was handed on, to whom; `stops`: at whom it waits until that is set."""

    calls: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    stops: dict[str, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.queued = Queued(self.hand, Hasty(), lambda text, **_: self.said.append(text))

    async def hand(self, seat: Any, entries: Entries) -> None:
        if seat.name in self.stops:
            await self.stops[seat.name].wait()
        del entries
        self.calls.append(seat.name)

    def add(self, *seats: Any) -> None:
        batch = entries_of("a.example", "b.example")
        self.queued.add(Shared(batch.page), [(seat, batch) for seat in seats])

    async def all(self) -> list[str]:
        running = asyncio.ensure_future(self.queued.run())
        await self.queued.drained()
        running.cancel()
        return self.calls


class Hasty(Clock):
    """Whose deadlines are over at once."""

    def deadline(self, seconds: float | None) -> asyncio.Timeout:
        """See `Clock`."""
        del seconds
        return super().deadline(0)


class Late(Clock):
    """Whose time goes by with each look at it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def monotonic(self) -> float:
        """See `Clock`."""
        self.at += 0.6 * LAST
        return self.at


def seat(name: str, *, mean: float = 0.0, queue: int = 64) -> Any:
    return Seat(name, Figures(calls=10, seconds=10 * mean), SimpleNamespace(queue=queue))


@dataclass(eq=False)
class Seat:
    name: str
    figures: Figures
    section: Any


async def test_a_page_is_handed_to_all_before_the_next() -> None:
    one, a, b = Handed(), seat("a"), seat("b")
    for _ in range(3):
        one.add(a, b)
    assert await one.all() == ["a", "b"] * 3


async def test_who_is_slow_delays_nobody() -> None:
    one, slow, quick = Handed(), seat("slow", mean=3.0), seat("quick")
    for _ in range(3):
        one.add(slow, quick)
    assert one.queued.waiting == 3
    assert await one.all() == ["quick"] * 3 + ["slow"] * 3
    assert one.queued.waiting == 0


async def test_who_has_no_room_is_told_once() -> None:
    one, full, other = Handed(), seat("full", queue=1), seat("other")
    for _ in range(3):
        one.add(full, other)
    assert await one.all() == ["full", "other", "other", "other"]
    assert [full.figures.skipped, other.figures.skipped, len(one.said)] == [4, 0, 1]


async def test_who_ends_it_costs_nobody_what_is_found() -> None:
    one, stop = Handed(), asyncio.Event()
    one.stops["a"] = stop
    one.add(seat("a"), seat("b"))
    running = asyncio.ensure_future(one.queued.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    stop.set()
    assert await one.all() == ["a", "b"]


async def test_what_still_waits_at_the_end_is_told() -> None:
    one, a, b = Handed(), seat("a"), seat("b", mean=1.0)
    one.stops["a"] = asyncio.Event()
    for _ in range(3):
        one.add(a, b)
    await one.queued.end()
    assert sorted(one.said) == [  # the first page of `a` is being looked at
        "module a: 4 entries still waited at the end: skipped",
        "module b: 6 entries still waited at the end: skipped",
    ]
    assert (a.figures.skipped, b.figures.skipped) == (4, 6)
    assert one.queued.waiting == 0


async def test_what_there_is_time_for_at_the_end_is_handed_on() -> None:
    one = Handed()
    one.queued._clock = Clock()
    one.add(seat("a"))
    await one.queued.end()
    assert (one.calls, one.said) == (["a"], [])


async def test_one_that_is_let_go_is_handed_what_waits_for_it() -> None:
    one, a, b = Handed(), seat("a"), seat("b", mean=1.0)
    for _ in range(2):
        one.add(a, b)
    await one.queued.leave(a)
    await one.queued.leave(b)
    assert (one.calls, one.said, one.queued.waiting) == (["a", "a", "b", "b"], [], 0)
    one.add(a)
    assert await one.all() == ["a", "a", "b", "b", "a"]


async def test_what_there_is_no_time_for_is_told_when_one_is_let_go() -> None:
    clock = Late()
    one, a, b = Handed(), seat("a"), seat("b")
    one.queued._clock = clock
    for _ in range(3):
        one.add(a, b)
    await one.queued.leave(a)
    assert one.said == ["module a: 4 entries still waited when it was let go: skipped"]
    assert a.figures.skipped == 4
    assert await one.all() == ["a", "b", "b", "b"]
