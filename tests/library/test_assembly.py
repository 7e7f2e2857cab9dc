"""Settings become a pipeline that runs."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from tests.rig import LIST, Sheet

from certhia.config import load
from certhia.library.assembly import Given, assemble
from certhia.rules.watchlist import Watchlist
from certhia.testing import World, in_simulated_time


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
        directory=tmp_path / "state",
        clock=certhia_world.clock,
        tell=lambda *_, **__: None,
        room=room,
        transport=certhia_world.transport(latency=0.01),
    )
    async with AsyncExitStack() as stack:
        summary = await (await assemble(settings, given, stack)).run()
    assert (summary.entries, summary.matches, len(sheet.told)) == (10, 10, 10)
    assert asked > 0
