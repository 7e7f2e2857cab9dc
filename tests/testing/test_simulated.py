from __future__ import annotations

import asyncio
import inspect
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from certhia.testing import START, SimClock, SimulatedLoop, World, in_simulated_time, run_simulated


def test_a_clock_stands_still_until_moved() -> None:
    clock = SimClock(1000.0)
    assert (clock.now(), clock.monotonic()) == (1000.0, 0.0)
    clock.advance(5)
    assert (clock.now(), clock.monotonic()) == (1005.0, 5.0)
    clock.step(-100)
    assert (clock.now(), clock.monotonic()) == (905.0, 5.0)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
    assert SimClock().now() == START.timestamp()


def test_hours_take_no_time_and_come_in_order() -> None:
    clock, told = SimClock(), []

    async def teller(seconds: float) -> None:
        for _ in range(3):
            await clock.sleep(seconds)
            told.append((seconds, clock.monotonic()))

    async def main() -> float:
        async with asyncio.TaskGroup() as tasks:
            for seconds in (3600.0, 1000.0, 2500.0):
                tasks.create_task(teller(seconds))
        return asyncio.get_running_loop().time()

    assert run_simulated(main(), clock=clock) == clock.monotonic() == 10800.0
    assert told == sorted(told, key=lambda each: each[1])
    assert [at for _, at in told] == [1000, 2000, 2500, 3000, 3600, 5000, 7200, 7500, 10800]


def test_deadlines_pass_in_simulated_time() -> None:
    clock = SimClock()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with clock.deadline(86400 * 365):
                await asyncio.get_running_loop().create_future()

    run_simulated(main(), clock=clock)
    assert clock.monotonic() == 86400 * 365


def test_time_begins_where_it_is_said_to() -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)

    async def now() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        return loop.clock.now()

    assert run_simulated(now(), start=start) == start.timestamp()


def test_work_in_threads_is_waited_for_before_time_moves() -> None:
    clock, gate = SimClock(), threading.Event()
    order: list[str] = []

    async def timer() -> None:
        await clock.sleep(1)
        order.append("timer")

    async def main() -> None:
        # The thread ends only once the kernel has let another one run for a while: the loop has every chance to jump.
        release = threading.Timer(0.02, gate.set)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(timer())
            release.start()
            assert await asyncio.to_thread(gate.wait, 10)
            order.append("thread")
            assert clock.monotonic() == 0

    run_simulated(main(), clock=clock)
    assert order == ["thread", "timer"]


def test_sqlite_is_waited_for_before_time_moves(tmp_path: Path) -> None:
    clock, gate = SimClock(), threading.Event()

    async def main() -> None:
        async with asyncio.timeout(0.001), aiosqlite.connect(tmp_path / "x.db") as db:
            await db.create_function("wait_a_little", 0, lambda: gate.wait(0.02))
            await db.execute("CREATE TABLE t (x)")
            await db.execute("INSERT INTO t SELECT wait_a_little()")
            await db.commit()

    run_simulated(main(), clock=clock)
    assert clock.monotonic() == 0
    with sqlite3.connect(tmp_path / "x.db") as db:
        assert db.execute("SELECT count(*) FROM t").fetchone() == (1,)
    db.close()


def test_held_time_stands_still() -> None:
    clock = SimClock()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        done = loop.create_future()
        with loop.hold():
            assert loop.held
            late = loop.call_later(1, done.set_exception, AssertionError("time went on"))
            threading.Timer(0.01, loop.call_soon_threadsafe, (done.set_result, None)).start()
            await done
        late.cancel()
        assert not loop.held

    run_simulated(main(), clock=clock)
    assert clock.monotonic() == 0


def test_waiting_for_nothing_is_an_error() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="nothing can happen any more"):
        run_simulated(main())


async def test_sleep_needs_simulated_time() -> None:
    with pytest.raises(RuntimeError, match="run_simulated"):
        await SimClock().sleep(1)


def test_chance_repeats() -> None:
    one, other = SimClock(seed=1), SimClock(seed=1)
    assert [one.jitter(10) for _ in range(5)] == [other.jitter(10) for _ in range(5)]


def test_fixture_runs_coroutines(simulated: Callable[..., Any], certhia_clock: SimClock) -> None:
    simulated(certhia_clock.sleep(60))
    assert certhia_clock.monotonic() == 60


@in_simulated_time
async def test_decorated_tests_get_their_fixtures(certhia_clock: SimClock, certhia_world: World) -> None:
    await certhia_clock.sleep(3600)
    assert certhia_clock.monotonic() == 3600
    assert certhia_world.clock is certhia_clock


@in_simulated_time
async def test_decorated_tests_need_no_clock() -> None:
    assert isinstance(asyncio.get_running_loop(), SimulatedLoop)


def test_decorated_tests_are_plain_functions() -> None:
    assert not inspect.iscoroutinefunction(test_decorated_tests_need_no_clock)
    assert list(inspect.signature(test_decorated_tests_need_no_clock).parameters) == ["certhia_clock"]


def test_a_thread_that_was_there_before_is_not_waited_for() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    over = threading.Event()
    older = threading.Thread(target=over.wait)
    older.start()
    try:
        with pytest.raises(RuntimeError, match="nothing can happen any more"):
            run_simulated(main())
    finally:
        over.set()
        older.join()
