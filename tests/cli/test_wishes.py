"""Backfills that are left to a follower: taken up, looked on, listed, cancelled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.rig import Rig

from certhia.cli.wishes import LEFT, Beside, cancel, outcome, standing
from certhia.clock import Clock
from certhia.errors import ConfigError
from certhia.model import Log, Protocol
from certhia.quantity import Point
from certhia.store import State
from certhia.store.backfills import DONE, Backfill
from certhia.store.place import Place
from certhia.testing import World, in_simulated_time

ASKED = json.dumps({"log": "one", "from": "5", "reverse": False})
LOG = Log(b"i" * 32, b"key", "Alpha", "Op", Protocol.STATIC, "https://log.test/", "https://log.test/")


@asynccontextmanager
async def followed(world: World, path: Path) -> AsyncIterator[Rig]:
    world.rfc6962("one", max_get_entries=32)
    world.grow(200)
    rig = Rig(world, path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        yield rig


@in_simulated_time
async def test_looked_on_until_it_is_done(
    certhia_world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with followed(certhia_world, tmp_path) as rig:
        assert await Beside(Place(tmp_path), rig.clock).ask(ASKED, detach=False) == 0
        assert await cancel(Place(tmp_path), "all", rig.clock) == 0
        with pytest.raises(ConfigError, match="no known log is called"):
            await Beside(Place(tmp_path), rig.clock).ask(ASKED.replace("one", "nobody"), detach=False)
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("left to the running follower, process ")
    assert said[1].endswith(": entries 5 to 199: done")
    assert len(rig.sheet.told) == 195


@in_simulated_time
async def test_left_to_the_follower(certhia_world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with followed(certhia_world, tmp_path) as rig:
        assert await Beside(Place(tmp_path), rig.clock, quiet=True).ask(ASKED, detach=True) == 0
        while len(rig.sheet.told) < 195:
            await rig.clock.sleep(1)
    assert capsys.readouterr().err == ""


@in_simulated_time
async def test_a_follower_that_ends_meanwhile(
    certhia_world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certhia_world.rfc6962("one", max_get_entries=4)
    certhia_world.grow(300)
    rig = Rig(certhia_world, tmp_path)
    rig.transport = certhia_world.transport(latency=1.0)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(20)
        looking = asyncio.get_running_loop().create_task(Beside(Place(tmp_path), rig.clock).ask(ASKED, detach=False))
        await rig.clock.sleep(14)
        assert not looking.done()
    assert await looking == 1
    said = capsys.readouterr().err
    assert "of 295 entries" in said
    assert "nobody follows any more: it goes on when" in said


async def test_what_there_is(tmp_path: Path) -> None:
    clock = Clock()
    wish = Backfill(LOG.id, 0, "2026-01-01", True, 5.0)
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        state.writer.log(LOG)
        for one in (
            wish,
            replace(wish, number=1, at=6.0, start=5, end=9),
            replace(wish, number=2, at=7.0, start=9, end=9, ended=8.0, outcome=DONE, reverse=False),
        ):
            state.writer.backfill(one)
        await state.writer.durable()
        assert [line.split("  ", 1)[1] for line in await standing(state, as_json=False)] == [
            "Alpha: entries from 2026-01-01, backwards: not begun",
            "Alpha: entries 5 to 8, backwards: 0 of 4 verified",
            "Alpha: entries from 9: there are none, forwards: done",
        ]
        rows = [json.loads(line) for line in await standing(state, as_json=True)]
        assert [(row["verified"], row["entries"], row["outcome"]) for row in rows] == [
            (0, 0, ""),
            (0, 4, ""),
            (0, 0, DONE),
        ]
    assert await outcome(Place(tmp_path), clock, 0.0) == LEFT
    with pytest.raises(ConfigError):
        await cancel(Place(tmp_path), "beta", clock)
    assert await cancel(Place(tmp_path), "alpha", clock) == 2
    assert await outcome(Place(tmp_path), clock, 0.0) == 1
    assert await outcome(Place(tmp_path), clock, clock.now() + 60) == 0
