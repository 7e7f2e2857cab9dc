"""Alarms of a whole pipeline: found, told, kept for those who look on, in the summary."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.logs.bench import fill
from tests.rig import Rig

from certhia.alarms.guard import Guarding
from certhia.logs import snapshot
from certhia.logs.reading import Reading
from certhia.model import Alarm
from certhia.store import State
from certhia.testing import RateLimit, World, fail, in_simulated_time
from certhia.testing.hostile import zero_page

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


@in_simulated_time
async def test_a_stale_head_is_told_once_and_once_more_when_it_moves(certhia_world: World, tmp_path: Path) -> None:
    heard = list[tuple[str, bool]]()
    rig = rig_of(certhia_world, tmp_path, heard)
    log = certhia_world.static("four", description="Four")
    certhia_world.grow(5)
    async with rig.running() as pipeline:
        await rig.clock.sleep(700 + INTERVAL)
        assert [key.partition(":")[0] for key, _ in heard] == ["stale"]
        assert [text.partition(" for")[0] for text in pipeline.summary().alarms] == ["Four: signed no head"]
        log.publish()
        await rig.clock.sleep(INTERVAL)
        assert [cleared for _, cleared in heard] == [False, True]
    told = [(level, log, text.partition(" ")[0]) for level, log, text in rig.said if "signed no head" in text]
    assert told == [("warning", "Four", "signed"), ("warning", "Four", "alarm")]


@in_simulated_time
async def test_a_full_disk_is_told_while_there_is_room_to_say_so(
    certhia_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = list[tuple[str, bool]]()
    rig = rig_of(certhia_world, tmp_path, heard)
    disk = os.statvfs_result((4096, 4096, 10**6, 10, 10, 10**6, 10, 10, 0, 255))
    async with rig.running():
        await rig.clock.sleep(INTERVAL)
        with monkeypatch.context() as patch:
            patch.setattr(os, "statvfs", lambda _: disk)
            await rig.clock.sleep(INTERVAL)
            assert heard == [(f"disk:{tmp_path}", False)]
        await rig.clock.sleep(INTERVAL)
    assert heard == [(f"disk:{tmp_path}", False), (f"disk:{tmp_path}", True)]
    (text,) = [text for level, _, text in rig.said if level == "error"]
    assert text == f"alarm: {tmp_path}: 0 MB are left on its disk: make room, before what is written there fails"


@in_simulated_time
async def test_a_backlog_that_grows_is_told_until_it_is_caught_up_with(certhia_world: World, tmp_path: Path) -> None:
    heard = list[tuple[str, bool]]()
    rig = rig_of(certhia_world, tmp_path, heard)
    log = certhia_world.logs["one"]
    async with rig.running() as pipeline:
        await rig.clock.sleep(INTERVAL)
        limit = RateLimit(rig.clock, rate=0.5, burst=2, endpoints=frozenset({"get-entries"}))
        log.hooks.append(limit)
        for _ in range(20):
            fill(certhia_world, log, 600)
            await rig.clock.sleep(INTERVAL / 10)
        assert heard == [("backlog", False)]
        assert "entries behind and not catching up (One " in pipeline.summary().alarms[0]
        log.hooks.clear()
        await rig.clock.sleep(8 * INTERVAL)
    assert heard == [("backlog", False), ("backlog", True)]


@in_simulated_time
async def test_a_log_that_withholds_its_entries_beside_healthy_ones(certhia_world: World, tmp_path: Path) -> None:
    """Ten minutes are a front end that lags; within an interval after them it is an alarm, once, until entries come."""
    heard: list[tuple[str, bool]] = []
    rig = rig_of(certhia_world, tmp_path, heard)
    withheld, hook = certhia_world.logs["two"], zero_page()
    async with rig.running():
        await rig.clock.sleep(INTERVAL)
        withheld.hooks.append(hook)
        for _ in range(10):
            certhia_world.grow(3)
            await rig.clock.sleep(60)
        assert heard == []
        await rig.clock.sleep(60 + INTERVAL)
        assert heard == [(f"withheld:{withheld.id.hex()}", False)]
        (text,) = [text for level, log, text in rig.said if level == "error" and log == "Two"]
        assert text.startswith("alarm: signed for 30 entries and handed none of them out for 1")
        withheld.hooks.remove(hook)
        await rig.clock.sleep(INTERVAL)
        assert [cleared for _, cleared in heard] == [False, True]


@in_simulated_time
async def test_nothing_is_said_of_a_log_that_is_no_longer_followed(certhia_world: World, tmp_path: Path) -> None:
    heard = list[tuple[str, bool]]()
    rig = rig_of(certhia_world, tmp_path, heard)
    async with await State.open(tmp_path, clock=rig.clock, follow=True) as state:
        for key, log in (("log:aa:1", "One"), ("log:bb:1", "Another")):
            state.writer.alarm(Alarm(key, "shows two trees", 1.0, log))
        await state.writer.durable()
    async with rig.running() as pipeline:
        await rig.clock.sleep(2 * INTERVAL)
        assert heard == [("log:aa:1", True)]
        assert [text for text in pipeline.summary().over if "two trees" in text] == [pipeline.summary().over[0]]
