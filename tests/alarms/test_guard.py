"""Alarms of a whole pipeline: found, told, kept for those who look on, in the summary."""

from __future__ import annotations

from pathlib import Path

from tests.rig import Rig

from certhia.alarms.guard import Guarding
from certhia.logs import snapshot
from certhia.logs.reading import Reading
from certhia.model import Alarm
from certhia.testing import World, fail, in_simulated_time

INTERVAL = 60.0


def rig_of(world: World, path: Path, heard: list[tuple[str, bool]]) -> Rig:
    def hears(alarm: Alarm, *, cleared: bool) -> None:
        heard.append((alarm.key, cleared))

    for name in ("one", "two", "three"):
        world.rfc6962(name, description=name.title(), max_get_entries=64)
    world.grow(20)
    rig = Rig(world, path)
    rig.reading = Reading(poll_static=10, poll_rfc6962=10)
    rig.guarding = Guarding(interval=INTERVAL, poll=10, places=(path,), heard=[hears])
    return rig


async def kept(rig: Rig) -> list[str]:
    """Alarms that `certhia status` would show."""
    picture = snapshot.picture(await rig.state.recall(snapshot.NAME))
    assert picture is not None
    return [alarm.key for alarm in picture.alarms]


@in_simulated_time
async def test_no_contact_is_told_within_an_interval_and_again_when_it_is_over(
    certhia_world: World, tmp_path: Path
) -> None:
    heard = list[tuple[str, bool]]()
    rig = rig_of(certhia_world, tmp_path, heard)
    logs = list(certhia_world.logs.values())
    async with rig.running() as pipeline:
        await rig.clock.sleep(INTERVAL + 30)
        assert heard == []
        for log in logs[:2]:
            log.hooks.append(fail(503))
        await rig.clock.sleep(INTERVAL + 5)
        assert heard == [("contact", False)]
        assert await kept(rig) == ["contact"]
        assert [text.split(":")[0] for text in pipeline.summary().alarms] == ["no contact with 2 of 3 logs"]
        await rig.clock.sleep(INTERVAL)
        assert heard == [("contact", False)], "once"
        for log in logs:
            log.hooks.clear()
        await rig.clock.sleep(5 * INTERVAL)
        assert heard == [("contact", False), ("contact", True)]
        assert await kept(rig) == []
    assert rig.summary is not None
    assert rig.summary.alarms == ()
    (over,) = rig.summary.over
    assert "over after" in over
    assert [text.split(":")[0] for level, _, text in rig.said if level == "error"] == ["alarm"]


@in_simulated_time
async def test_quiet_times_bring_no_alarm(certhia_world: World, tmp_path: Path) -> None:
    heard = list[tuple[str, bool]]()
    rig = rig_of(certhia_world, tmp_path, heard)
    certhia_world.static("four")
    async with rig.running():
        for _ in range(8):
            certhia_world.grow(40)
            await rig.clock.sleep(100)
    assert heard == []
    assert rig.summary is not None
    assert (rig.summary.alarms, rig.summary.over) == ((), ())


@in_simulated_time
async def test_what_a_follower_finds_is_in_the_summary_at_once(certhia_world: World, tmp_path: Path) -> None:
    heard = list[tuple[str, bool]]()
    rig = rig_of(certhia_world, tmp_path, heard)
    async with rig.running() as pipeline:
        await rig.clock.sleep(20)
        pipeline.statuses()[0].alarms.append("differs")
        assert pipeline.summary().alarms == ("One: differs",)
        await rig.clock.sleep(INTERVAL)
        assert pipeline.summary().alarms == ("One: differs",)
    assert len(heard) == 1
