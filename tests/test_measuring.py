"""What goes on inside a pipeline that runs."""

from __future__ import annotations

from pathlib import Path

from tests.rig import Rig

from certhia.testing import World, in_simulated_time


@in_simulated_time
async def test_what_a_run_leaves(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one", description="First")
    certhia_world.grow(30)
    rig = Rig(certhia_world, tmp_path / "state")
    async with rig.running() as pipeline:
        await rig.clock.sleep(10)
        inner = pipeline.inner()
    assert [one.name for one in inner.sinks] == ["sheet"]
    assert inner.stages["core"].times > 0
    assert inner.stages["tell"].times > 0
    assert inner.stages["commit"].times > 0
    assert inner.caches["told"][1:] == (30, 30)
    assert inner.bodies is not None
    assert inner.bodies[0] <= inner.bodies[1]
