"""What is remembered of the logs over restarts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.rig import Rig

from certhia.logs.lists import Loaded
from certhia.logs.roster import STARTS, Roster, recall_followed, verdicts
from certhia.logs.select import Choice
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
        Roster(state, Choice(), NOW, certhia_clock).unproven(A, 300)
        await state.writer.flush()
        roster = Roster(state, Choice(), NOW, certhia_clock)
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
        roster = Roster(state, Choice(), NOW, certhia_clock)
        assert roster.point(B) == NOW, "the first list of all: nothing is new"
        roster.complete(loaded(A))
        roster.complete(loaded(A, B, complete=False))
        await state.writer.flush()
        for origin, begin in ((NOW, Point("date", AS_OF.timestamp())), (Point("back", 9), Point("back", 9))):
            later = Roster(state, Choice(), origin, certhia_clock)
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


ENDED = replace(A, interval=(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)))
RETIRED, READONLY, PENDING = (replace(A, state=state) for state in ("retired", "readonly", "pending"))


@pytest.mark.parametrize("before", [replace(A, state="usable"), READONLY])
@pytest.mark.parametrize("after", [ENDED, RETIRED, READONLY])
@in_simulated_time
async def test_what_a_plain_run_followed_is_followed_to_its_end(
    certhia_clock: SimClock, tmp_path: Path, before: Log, after: Log
) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        roster = Roster(state, Choice(only=(A.url,)), NOW, certhia_clock)
        roster.choose([before])
        roster.proven(A.id)
        await state.writer.flush()
        roster = Roster(state, Choice(), NOW, certhia_clock)
        await roster.recall()
        (one,) = roster.choose([after])
        assert one.followed
        (other,) = verdicts([after], Choice(deny=("*",)), certhia_clock.now(), await recall_followed(state))
        assert not other.followed
        roster.ended(after, "ended at 300 entries")
        await state.writer.flush()
        assert await recall_followed(state) == {A.id: "ended at 300 entries"}
        roster = Roster(state, Choice(), NOW, certhia_clock)
        await roster.recall()
        (one,) = roster.choose([after])
        assert (one.followed, one.reason.split(": ")[-1]) == (False, "read to its end")
        (one,) = roster.choose([replace(A, state="usable")])
        assert one.followed, "it thawed"
        roster.proven(A.id)
        (one,) = roster.choose([after])
        assert one.followed, "and is to be read to its end again"


@pytest.mark.parametrize("log, choice", [
    (RETIRED, Choice(include=frozenset({"retired"}))), (ENDED, Choice(expired=True)), (RETIRED, Choice(only=(A.url,))),
    (RETIRED, Choice(add=(A.url,))),
])  # fmt: skip
@in_simulated_time
async def test_what_was_only_followed_as_it_was_asked_for_is_not_followed_on(
    certhia_clock: SimClock, tmp_path: Path, log: Log, choice: Choice
) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        roster = Roster(state, choice, NOW, certhia_clock)
        (one,) = roster.choose([log])
        assert one.followed
        roster.proven(log.id)
        await state.writer.flush()
        (one,) = verdicts([log], Choice(), certhia_clock.now(), await recall_followed(state))
        assert not one.followed


@in_simulated_time
async def test_a_log_that_was_read_to_its_end_is_left_alone_at_the_next_start(
    certhia_world: World, certhia_clock: SimClock, tmp_path: Path
) -> None:
    certhia_world.static("two")
    log = certhia_world.rfc6962("one", mmd=3600)
    certhia_world.grow(30)
    rig = Rig(certhia_world, tmp_path)
    await rig.run(20)
    log.freeze()
    certhia_clock.advance(86_400 + 3600)
    async with rig.running() as pipeline:
        await rig.clock.sleep(20)
        assert [status.log.description for status in pipeline.statuses() if status.ended] == ["one"]
    async with rig.running() as pipeline:
        await rig.clock.sleep(20)
        assert [status.log.description for status in pipeline.statuses()] == ["two"]


@in_simulated_time
async def test_a_list_that_leaves_nothing_to_follow_is_refused(certhia_world: World, tmp_path: Path) -> None:
    """Though the user accepted the drop: a run that follows nothing would end as if all was well."""
    mine, other = certhia_world.rfc6962("mine", operator="Mine"), certhia_world.rfc6962("other")
    certhia_world.grow(5)
    rig = Rig(certhia_world, tmp_path)
    rig.choice, rig.accept_drop, rig.refresh = Choice(allow=("Mine",)), True, 600
    async with rig.running() as pipeline:
        await rig.clock.sleep(60)
        del certhia_world.logs["mine"]
        await rig.clock.sleep(2000)
        certhia_world.logs["mine"] = mine
        (status,) = pipeline.statuses()
        assert (status.log.id, status.finished) == (mine.id, "")
        refused = "log lists: they leave none of 1 followed logs to follow; the last ones stay in use"
        assert refused in [alarm.text for alarm in pipeline.progress().alarms]
        assert [text for _, _, text in rig.said].count(refused) == 1, "told once"
        await rig.clock.sleep(2000)
        assert refused not in [alarm.text for alarm in pipeline.progress().alarms]
        certhia_world.grow(5)
        await rig.clock.sleep(100)
        assert status.position == 10
    assert other.id not in {one.log.id for one in rig.pipeline.statuses()}
