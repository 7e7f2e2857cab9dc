"""Alarms as they are stored."""

from __future__ import annotations

from tests.store.conftest import both

from certhia.model import Alarm
from certhia.store import State
from certhia.store.alarms import Stored, stored

DISK = Alarm("disk:/", "full \ud800", 100.0)
LOG = Alarm("stale:ab", "silent", 200.0, "First")


async def listed(state: State, since: float = 0.0, *, lasting: bool = False) -> list[Stored]:
    return [one async for one in stored(state, since, lasting=lasting)]


@both
async def test_newest_first_with_their_ends(state: State) -> None:
    state.writer.alarm(DISK)
    state.writer.alarm(LOG)
    await state.writer.durable()
    state.writer.alarm(Alarm("disk:/", "fuller", 100.0), 150.0)
    await state.writer.durable()
    assert await listed(state) == [Stored(LOG, None), Stored(Alarm("disk:/", "fuller", 100.0), 150.0)]
    assert await listed(state, lasting=True) == [Stored(LOG, None)]


@both
async def test_what_was_there_since_then(state: State) -> None:
    state.writer.alarm(DISK, 150.0)
    state.writer.alarm(LOG)
    await state.writer.durable()
    assert [one.alarm.key for one in await listed(state, 150.0)] == ["stale:ab", "disk:/"]
    assert [one.alarm.key for one in await listed(state, 151.0)] == ["stale:ab"]
    assert [one.alarm.key for one in await listed(state, 900.0)] == ["stale:ab"], "it is there still"


@both
async def test_raised_and_over_within_one_commit(state: State) -> None:
    state.writer.alarm(DISK)
    state.writer.alarm(DISK, 150.0)
    await state.writer.durable()
    ((alarm, cleared),) = [(one.alarm, one.cleared) for one in await listed(state)]
    assert cleared == 150.0
    assert alarm.text.isprintable()
