"""Entries of which the hash alone is known are an alarm until they are read or seen, over restarts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.logs.bench import fill
from tests.rig import Rig

from certhia.alarms.guard import Guarding
from certhia.alarms.unread import REASON, SEEN, Unread
from certhia.clock import Clock
from certhia.logs.reading import Reading
from certhia.logs.status import Status
from certhia.model import Log, Protocol, Quarantined
from certhia.store import State
from certhia.testing import World, in_simulated_time
from certhia.testing.hostile import new_type

LOG = Log(b"l" * 32, b"key", "Log", "Op", Protocol.STATIC, "https://log.test/", "https://log.test/", mmd=60)


async def put(state: State, *indices: int, reason: str = REASON) -> None:
    state.writer.log(LOG)
    for index in indices:
        state.writer.quarantine(Quarantined(LOG.id, index, reason, bytes(32), b"", 1.0))
    await state.writer.durable()


async def told(unread: Unread) -> list[str]:
    return [str(one.alarm).partition(";")[0] for one in await unread.look()]


async def test_until_they_are_read_or_seen(tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        unread = Unread(state)
        await put(state, 7, reason="no certificate at byte 3")
        assert await unread.look() == [], "these are no alarm: the log goes on, and they are counted"
        await put(state, *range(300, 512))
        assert await told(unread) == [
            "Log: serves entries that can't be read: of 212 from 300 on the hash alone is known"
        ]
        state.writer.resolve(LOG.id, range(300, 510))
        await state.writer.durable()
        assert await told(unread) == [
            "Log: serves entries that can't be read: of 2 from 510 on the hash alone is known"
        ]
        answer = await unread.take(json.dumps([LOG.id.hex()]))
        assert answer == "2 entries are seen: they stay in quarantine, and are no alarm any more"
        assert await unread.look() == []
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        assert await Unread(state).look() == [], "seen is seen"
        await put(state, 600)
        assert await told(Unread(state)) == [
            "Log: serves entries that can't be read: of 1 from 600 on the hash alone is known"
        ]


async def test_what_was_seen_in_part(tmp_path: Path) -> None:
    """The entries of many ranges, of which some are seen: those alone are left that are not."""
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        await put(state, *range(0, 200, 2))
        await Unread(state).take(json.dumps([LOG.id.hex()]))
        await put(state, *range(1, 100, 4), 300)
        unread = Unread(state)
        assert await told(unread) == ["Log: serves entries that can't be read: of 26 from 1 on the hash alone is known"]


async def test_what_a_follower_said_is_not_said_again(tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        await put(state, 1)
        (one,) = await Unread(state, lambda: [Status(LOG)]).look()
        assert not one.told
        (one,) = await Unread(state, lambda: [Status(LOG, unreadable="serves what can't be read")]).look()
        assert one.told


async def test_what_comes_after_it_was_seen_is_said_where_the_follower_said_nothing_new(tmp_path: Path) -> None:
    """A follower tells of the first tile, the second, the fourth: between them the board does."""
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        status = Status(LOG, unreadable="serves what can't be read")
        unread = Unread(state, lambda: [status])
        await put(state, 1)
        assert [one.told for one in await unread.look()] == [True]
        await unread.take(json.dumps([LOG.id.hex()]))
        await put(state, 300)
        assert [one.told for one in await unread.look()] == [False]
        await unread.take(json.dumps([LOG.id.hex()]))
        status.unreadable = "serves what can't be read; 4 tiles by now"
        await put(state, 600)
        assert [one.told for one in await unread.look()] == [True]


@pytest.mark.parametrize("asked", ["", "{", "3", '["x"]', "[3]", "[" * 100_000])
async def test_requests_that_make_no_sense(asked: str, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        assert (await Unread(state).take(asked)).startswith("failed: the request makes no sense")


@in_simulated_time
async def test_over_a_restart_and_seen_by_request(certhia_world: World, tmp_path: Path) -> None:
    """L19 of a static log: told once when it is found, on the board of the next run, gone when somebody has seen it."""
    log = certhia_world.static("one")
    fill(certhia_world, log, 300)
    new_type(log)
    fill(certhia_world, log, 400)
    rig = Rig(certhia_world, tmp_path)
    rig.guarding = Guarding(interval=60, places=(tmp_path,), poll=60)
    rig.reading = Reading(poll_static=60, patience=0)
    await rig.run(1800)
    assert rig.summary is not None
    assert [alarm for alarm in rig.summary.alarms if "of 212 from 300 on the hash alone is known" in alarm]
    assert len([text for level, _, text in rig.said if level == "error" and "can't be read" in text]) == 1
    rig.said.clear()
    async with rig.running() as pipeline:
        await rig.clock.sleep(90)
        (alarm,) = [one for one in pipeline.progress().alarms if one.key.startswith("unread:")]
        assert [text for level, _, text in rig.said if level == "error" and text == f"alarm: {alarm.text}"]
        async with await State.open(tmp_path, clock=rig.clock, follow=False) as beside:
            number = await beside.request(SEEN, json.dumps([log.id.hex()]))
            while (answer := await beside.answer(number)) is None:
                await rig.clock.sleep(1)
        assert answer.startswith("212 entries are seen")
        await rig.clock.sleep(30)
        assert not [one for one in pipeline.progress().alarms if one.key.startswith("unread:")]
    assert not [text for text in rig.summary.alarms if "can't be read" in text]
