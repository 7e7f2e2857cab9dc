"""The limit holds, nothing is saved up, and small answers get through."""

import asyncio
from contextlib import suppress

import pytest

from certhia.bandwidth import Bandwidth
from certhia.testing import SimClock, in_simulated_time


@pytest.mark.parametrize("rate", [10_000.0, 1e6])
@in_simulated_time
async def test_bandwidth_is_kept_within_five_hundredths(certhia_clock: SimClock, rate: float) -> None:
    limit = Bandwidth(rate, certhia_clock)
    taken = 0

    async def reader(chunk: int) -> None:
        nonlocal taken
        while True:
            await limit.take(chunk)
            taken += chunk

    with suppress(TimeoutError):
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for chunk in (1000, 3000, 16_384):
                group.create_task(reader(chunk))
    assert 0.95 * rate * 60 <= taken <= 1.05 * rate * 60


@in_simulated_time
async def test_heads_do_not_queue_behind_pages(certhia_clock: SimClock) -> None:
    """Sixteen pages at once fill the queue for ten seconds; a head comes through as if they weren't there."""
    limit = Bandwidth(500_000, certhia_clock)
    taken = 0
    waits: list[float] = []

    async def pages() -> None:
        nonlocal taken
        while True:
            waited = await limit.take(320_000)
            taken += 320_000
            assert waited > 5 or taken < 16 * 320_000

    async def heads() -> None:
        nonlocal taken
        while True:
            waits.append(await limit.take(1000, small=True))
            taken += 1000
            await certhia_clock.sleep(0.1)

    with suppress(TimeoutError):
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for _ in range(16):
                group.create_task(pages())
            for _ in range(3):
                group.create_task(heads())
    assert len(waits) > 1000
    assert max(waits) < 0.1
    assert 0.95 * 500_000 * 120 <= taken <= 1.05 * 500_000 * 120


@in_simulated_time
async def test_small_answers_neither_starve_large_ones_nor_break_the_limit(certhia_clock: SimClock) -> None:
    limit = Bandwidth(100_000, certhia_clock)
    taken = {True: 0, False: 0}

    async def reader(*, small: bool) -> None:
        while True:
            await limit.take(4096, small=small)
            taken[small] += 4096

    with suppress(TimeoutError):
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(reader(small=number < 15))
    assert taken[False] > 0.2 * 100_000 * 60
    assert 0.95 * 100_000 * 60 <= sum(taken.values()) <= 1.05 * 100_000 * 60


@in_simulated_time
async def test_bandwidth_is_not_saved_up(certhia_clock: SimClock) -> None:
    limit = Bandwidth(1000, certhia_clock)
    await certhia_clock.sleep(3600)
    slept = sum([await limit.take(100) for _ in range(100)])
    assert slept == pytest.approx(10 - Bandwidth.SAVED)
