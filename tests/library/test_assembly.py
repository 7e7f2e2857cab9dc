"""Settings become a pipeline that runs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from tests.rig import LIST, Sheet

from certhia.config import load
from certhia.library.assembly import Given, assemble
from certhia.model import Alarm
from certhia.rules.watchlist import Watchlist
from certhia.store.place import Place
from certhia.testing import World, fail, in_simulated_time


@in_simulated_time
async def test_settings_are_what_runs(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    certhia_world.grow(20)
    settings = load({"logs.log_list": [LIST], "read.from": "10", "read.until": "now"}, None, {"HOME": str(tmp_path)})
    sheet = Sheet()
    asked = 0

    async def room() -> None:
        nonlocal asked
        asked += 1

    watchlist = Watchlist.load(["example.com"])
    given = Given(
        rules=lambda: watchlist,
        sinks=[sheet],
        stream=lambda _: None,
        place=Place(tmp_path / "state"),
        clock=certhia_world.clock,
        tell=lambda *_, **__: None,
        room=room,
        transport=certhia_world.transport(latency=0.01),
    )
    async with AsyncExitStack() as stack:
        summary = await (await assemble(settings, given, stack)).run()
    assert (summary.entries, summary.matches, len(sheet.told)) == (10, 10, 10)
    assert asked > 0


class Hearing(Sheet):
    """A sink that hears of alarms."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, bool]] = []

    def hears(self, alarm: Alarm, *, cleared: bool) -> None:
        self.heard.append((alarm.key, cleared))


@in_simulated_time
async def test_sinks_that_hear_get_alarms(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.static("one")
    certhia_world.grow(20)
    values = {"logs.log_list": [LIST], "output.health_interval": "30s"}
    sink, plain = Hearing(), Sheet()
    plain.name = "plain"
    given = Given(
        rules=lambda: Watchlist.load(["example.com"]),
        sinks=[sink, plain],
        stream=lambda _: None,
        place=Place(tmp_path / "state"),
        clock=certhia_world.clock,
        tell=lambda *_, **__: None,
        transport=certhia_world.transport(latency=0.01),
    )
    async with AsyncExitStack() as stack:
        pipeline = await assemble(load(values, None, {"HOME": str(tmp_path)}), given, stack)
        async with asyncio.TaskGroup() as group:
            group.create_task(pipeline.run())
            await certhia_world.clock.sleep(60)
            log.hooks.append(fail(503))
            await certhia_world.clock.sleep(200)
            log.hooks.clear()
            await certhia_world.clock.sleep(400)
            pipeline.stop()
    assert sink.heard == [("contact", False), ("contact", True)]
