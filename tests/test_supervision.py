"""What breaks in our own code is told and started again; only a fault of local storage ends the run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from tests.rig import Rig

from certhia.errors import StateError
from certhia.housekeeping import REFRESH
from certhia.logs.pace import Paces
from certhia.pipeline import Pipeline
from certhia.quantity import Point
from certhia.store import State
from certhia.supervision import supervised, unbroken, unless
from certhia.testing import SimClock, World, in_simulated_time


@in_simulated_time
async def test_what_breaks_is_told_and_started_again_ever_later(certhia_clock: SimClock) -> None:
    told: list[str] = []
    times: list[float] = []

    async def work(faults: int) -> None:
        assert faults == len(times)
        times.append(certhia_clock.monotonic())
        if faults < 10:
            raise RuntimeError("unthought of")

    await supervised(work, told.append, certhia_clock)
    pauses = [later - at for at, later in pairwise(times)]
    assert pauses == pytest.approx([2, 4, 8, 16, 32, 64, 128, 256, 300, 300], rel=0.11)
    assert told[0] == "stopped by RuntimeError: unthought of; starts again in 2 s"
    assert len(told) == 10


@in_simulated_time
async def test_a_fault_of_local_storage_is_not_survived(certhia_clock: SimClock) -> None:
    async def work(_faults: int) -> None:
        raise StateError("disk full")

    with pytest.raises(StateError, match="disk full"):
        await supervised(work, print, certhia_clock)


class Forgetful(Paces):
    """Can't say what it learned."""

    def remember(self) -> dict[str, float]:
        raise RuntimeError("forgot")


class Breaking(Rig):
    """Breaks once when it is to say one thing."""

    def __init__(self, world: World, directory: Path, at: str) -> None:
        super().__init__(world, directory)
        self.at = at

    def say(self, text: str, *, level: str = "info", log: str = "") -> None:
        if self.at and text.startswith(self.at):
            self.at = ""
            raise RuntimeError("unthought of")
        super().say(text, level=level, log=log)

    def build(self, state: State) -> Pipeline:
        pipeline = super().build(state)
        return pipeline if self.at else Pipeline(replace(pipeline._parts, paces=Forgetful(self.clock)))

    @property
    def errors(self) -> list[str]:
        return [text for level, _, text in self.said if level == "error"]


@pytest.mark.parametrize("asked", [False, True])
@in_simulated_time
async def test_a_fault_in_applying_a_list_costs_no_log(certhia_world: World, tmp_path: Path, asked: bool) -> None:
    certhia_world.rfc6962("one")
    certhia_world.grow(10)
    rig = Breaking(certhia_world, tmp_path, "new in the log list")
    rig.refresh = 60
    async with rig.running():
        await rig.clock.sleep(20)
        certhia_world.static("two")
        certhia_world.grow(10)
        request = await rig.state.request(REFRESH, "") if asked else 0
        await rig.clock.sleep(100)
        if asked:
            assert await rig.state.answer(request) == "failed: RuntimeError: unthought of"
    await rig.check()
    what = "taking up requests" if asked else "applying the log lists"
    assert rig.errors == [f"{what}: stopped by RuntimeError: unthought of; starts again in 2 s"]


@in_simulated_time
async def test_a_fault_beside_the_logs_costs_no_log(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    certhia_world.grow(10)
    rig = Breaking(certhia_world, tmp_path, "Resumed")
    await rig.run(20)
    rig.origin = Point("now")
    certhia_world.grow(10)
    await rig.run(20)
    async with rig.running():
        await rig.clock.sleep(40)
        certhia_world.grow(10)
        await rig.clock.sleep(20)
    await rig.check()
    backlog, *saving, last = rig.errors
    assert backlog == "telling of the backlog: stopped by RuntimeError: unthought of; starts again in 2 s"
    pauses = [2 ** (number + 1) for number in range(len(saving))]
    stopped = "saving what is known of the logs: stopped by RuntimeError: forgot; starts again in"
    assert saving == [f"{stopped} {pause} s" for pause in pauses]
    assert last == "what is known of the logs was not saved: RuntimeError('forgot')"


async def test_what_must_not_be_broken_off_is_not() -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        begun.set()
        await go_on.wait()
        done.append(True)

    task = asyncio.get_running_loop().create_task(unbroken(work()))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True]


@in_simulated_time
async def test_work_is_cut_short_once_stopped(certhia_clock: SimClock) -> None:
    stopped, done = asyncio.Event(), list[str]()

    async def work(seconds: float) -> None:
        await certhia_clock.sleep(seconds)
        done.append(f"{seconds:g}")

    async def broken() -> None:
        raise ValueError("broken")

    assert await unless(stopped, work(1)) is True
    with pytest.raises(ValueError, match="broken"):
        await unless(stopped, broken())
    asyncio.get_running_loop().call_later(5, stopped.set)
    assert await unless(stopped, work(10)) is False
    assert await unless(stopped, work(10)) is False
    assert done == ["1"]
