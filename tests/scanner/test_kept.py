"""Things fetched once, for a while, within bounds."""

from __future__ import annotations

import asyncio

import pytest

from certhia.errors import RemoteError
from certhia.scanner.kept import Fetched, Kept
from certhia.testing import SimClock, in_simulated_time


class Source:
    """Counts fetches; each takes until it is let go on."""

    def __init__(self, size: int = 10, seconds: float = 60.0) -> None:
        self.fetched = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.size, self.seconds = size, seconds

    async def __call__(self) -> Fetched[int]:
        self.fetched += 1
        await self.go_on.wait()
        return Fetched(self.fetched, self.size, self.seconds)


@in_simulated_time
async def test_each_is_fetched_once_for_a_while(certhia_clock: SimClock) -> None:
    kept, source = Kept[int](1000, certhia_clock), Source()
    assert [await kept.get("a", source) for _ in range(3)] == [1, 1, 1]
    await certhia_clock.sleep(61)
    assert await kept.get("a", source) == 2
    assert (len(kept), kept.nbytes) == (1, 10)


@in_simulated_time
async def test_many_that_want_it_at_once_wait_for_one(certhia_clock: SimClock) -> None:
    kept, source = Kept[int](1000, certhia_clock), Source()
    source.go_on.clear()
    async with asyncio.TaskGroup() as tasks:
        wanted = [tasks.create_task(kept.get("a", source)) for _ in range(50)]
        await asyncio.sleep(0)
        source.go_on.set()
    assert {one.result() for one in wanted} == {1}
    assert kept._wanted == {}


@in_simulated_time
async def test_bytes_are_bounded_and_what_nobody_asks_for_goes_first(certhia_clock: SimClock) -> None:
    kept, source = Kept[int](30, certhia_clock), Source()
    for key in "abc":
        await kept.get(key, source)
    await kept.get("a", source)
    await kept.get("d", source)
    assert (len(kept), kept.nbytes, source.fetched) == (3, 30, 4)
    await kept.get("a", source)
    assert source.fetched == 4
    await kept.get("b", source)
    assert source.fetched == 5
    await kept.get("large", Source(size=31))
    assert (len(kept), kept.nbytes) == (0, 0)


@in_simulated_time
async def test_what_fails_is_raised_and_not_kept(certhia_clock: SimClock) -> None:
    kept = Kept[int](30, certhia_clock)

    async def fail() -> Fetched[int]:
        raise RemoteError("gone")

    with pytest.raises(RemoteError, match="gone"):
        await kept.get("a", fail)
    assert await kept.get("a", Source()) == 1
    assert kept._wanted == {}


@in_simulated_time
async def test_who_stops_waiting_leaves_the_others_theirs(certhia_clock: SimClock) -> None:
    kept, source = Kept[int](1000, certhia_clock), Source()
    source.go_on.clear()
    async with asyncio.TaskGroup() as tasks:
        first, second = (tasks.create_task(kept.get("a", source)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        source.go_on.set()
    assert second.result() == 1
    assert kept._wanted == {}


@in_simulated_time
async def test_what_nobody_waits_for_any_more_is_fetched_all_the_same(certhia_clock: SimClock) -> None:
    kept, source = Kept[int](1000, certhia_clock), Source()
    source.go_on.clear()
    with pytest.raises(TimeoutError):
        async with certhia_clock.deadline(1):
            await kept.get("a", source)
    source.go_on.set()
    await certhia_clock.sleep(1)
    assert await kept.get("a", source) == 1
    assert source.fetched == 1


@in_simulated_time
async def test_closed(certhia_clock: SimClock) -> None:
    kept, source = Kept[int](1000, certhia_clock), Source()
    source.go_on.clear()
    with pytest.raises(TimeoutError):
        async with certhia_clock.deadline(1):
            await kept.get("a", source)
    await kept.close()
    assert kept._wanted == {}
