from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from certhia.clock import Clock, iso, utc


def test_times_are_in_utc() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(1795236480.25) == "2026-11-21T04:48:00.250Z"
    assert utc(1795236480).utcoffset() is not None


def test_now_is_the_machines() -> None:
    before = time.time()
    assert before <= Clock().now() <= time.time()


def test_monotonic_outside_a_loop() -> None:
    clock = Clock()
    assert clock.monotonic() <= clock.monotonic()


def test_boot_is_the_same_for_all_processes() -> None:
    command = [sys.executable, "-c", "from certhia.clock import Clock; print(Clock().boot())"]
    before = Clock().boot()
    other = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert before <= other <= Clock().boot()


async def test_monotonic_is_the_loops() -> None:
    assert Clock().monotonic() == pytest.approx(asyncio.get_running_loop().time(), abs=1.0)


async def test_a_deadline_that_is_over_raises() -> None:
    with pytest.raises(TimeoutError):
        async with Clock().deadline(0):
            await asyncio.get_running_loop().create_future()


async def test_no_deadline() -> None:
    async with Clock().deadline(None) as limit:
        assert limit.when() is None


async def test_sleeping_lets_others_run() -> None:
    ran: list[bool] = []
    asyncio.get_running_loop().call_soon(ran.append, True)
    await Clock().sleep(0)
    assert ran == [True]


def test_jitter_stays_within_its_spread_and_follows_the_seed() -> None:
    times = [Clock(seed).jitter(100.0, 0.2) for seed in range(200)]
    assert all(80.0 <= seconds <= 120.0 for seconds in times)
    assert max(times) - min(times) > 20.0
    assert Clock(7).jitter(100.0) == Clock(7).jitter(100.0)
    assert 3.0 <= Clock(1).uniform(3.0, 4.0) <= 4.0
