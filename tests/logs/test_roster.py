"""What is remembered of the logs over restarts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.rig import Rig

from certhia.logs.lists import Loaded
from certhia.logs.roster import STARTS, Roster
from certhia.model import Log, Protocol
from certhia.quantity import Point
from certhia.store import State
from certhia.testing import SimClock, World, fail, in_simulated_time

NOW = Point("now")
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def log(name: bytes) -> Log:
    return Log(name * 32, b"", "log", "operator", Protocol.RFC6962, "https://log.test/", "https://log.test/")


A, B = log(b"a"), log(b"b")


def loaded(*logs: Log, complete: bool = True) -> Loaded:
    return Loaded(logs, (), complete, AS_OF)


@in_simulated_time
async def test_a_log_without_proofs_begins_where_it_was_begun(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        Roster(state, NOW).unproven(A, 300)
        await state.writer.flush()
        roster = Roster(state, NOW)
        await roster.recall()
        assert (roster.point(A), roster.point(B)) == (Point("index", 300), NOW)
        assert roster.begun(B, Point("back", 5)) == Point("back", 5)
        roster.proven(A.id)
        assert roster.point(A) == NOW
        await state.writer.flush()
        assert await state.recall(STARTS) == "{}"


@in_simulated_time
async def test_a_log_that_is_new_begins_at_the_time_of_the_last_complete_list(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        roster = Roster(state, NOW)
        assert roster.point(B) == NOW, "the first list of all: nothing is new"
        roster.complete(loaded(A))
        roster.complete(loaded(A, B, complete=False))
        await state.writer.flush()
        for origin, begin in ((NOW, Point("date", AS_OF.timestamp())), (Point("back", 9), Point("back", 9))):
            later = Roster(state, origin)
            await later.recall()
            assert (later.point(A), later.point(B)) == (origin, begin)


@in_simulated_time
async def test_an_unproven_log_begins_where_it_began_after_a_restart(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    certhia_world.grow(30)
    dumb = fail(404, endpoints=("get-entry-and-proof", "get-proof-by-hash", "get-sth-consistency"))
    log.hooks.append(dumb)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(120)
        certhia_world.grow(10)
        await rig.clock.sleep(20)
    certhia_world.grow(5)
    summary = await rig.run(60)
    assert (summary.entries, summary.verified) == (15, 0), "what was not verified is read again"
    certhia_world.grow(5)
    log.hooks.remove(dumb)
    summary = await rig.run(60)
    await rig.check()
    assert (summary.entries, summary.verified) == (20, 20)
    assert {delivery.match.names for delivery in rig.sheet.told} == {(f"host{n}.example.com",) for n in range(30, 50)}
    assert (await rig.run(20)).entries == 0, "from then on it goes on at its verified position"
