"""What all hosts together are allowed, changed while requests are out."""

from __future__ import annotations

import asyncio

import pytest

from certhia.errors import ConfigError
from certhia.logs.pace import Paces
from certhia.testing import SimClock, in_simulated_time


@in_simulated_time
async def test_what_all_hosts_may_do_together_changes_under_way(certhia_clock: SimClock) -> None:
    """Up, down, off and on again: never more at once than are allowed, once those of before are over."""
    paces = Paces(certhia_clock, max_parallel=2)
    for number in range(6):
        paces.host(f"https://{number}.example/")._width = 8.0
    out = most = 0

    async def ask(number: int) -> None:
        nonlocal out, most
        pace = paces.host(f"https://{number}.example/")
        while True:
            async with pace.slot():
                out += 1
                most = max(most, out)
                await certhia_clock.sleep(1.0)
                pace.ok()
                out -= 1

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(number)) for number in range(6) for _ in range(2)]
        seen = []
        for limit in (2, 5, 1, None, 3, None, 4):
            paces.restrict(None, limit)
            await certhia_clock.sleep(20.0)
            most = 0
            await certhia_clock.sleep(20.0)
            seen.append(most)
        for task in tasks:
            task.cancel()
    assert seen == [2, 5, 1, 12, 3, 12, 4]


@in_simulated_time
async def test_a_rate_for_all_may_begin_and_end(certhia_clock: SimClock) -> None:
    paces = Paces(certhia_clock)
    pace, count = paces.host("https://a.example/"), 0

    async def ask(seconds: float) -> int:
        nonlocal count
        before, end = count, certhia_clock.monotonic() + seconds
        while certhia_clock.monotonic() < end:
            async with pace.slot():
                await certhia_clock.sleep(0.1)
                pace.ok()
                count += 1
        return count - before

    assert await ask(10) >= 99
    paces.restrict(2.0, None)
    assert 18 <= await ask(10) <= 22
    paces.restrict(None, None)
    assert await ask(10) >= 99
    with pytest.raises(ConfigError):
        paces.restrict(0.0, None)
