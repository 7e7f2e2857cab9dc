"""`certhia status` beside a follower, after it, and where there never was one."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.cli.conftest import Command
from tests.rig import Rig

from certhia.alarms.guard import Guarding
from certhia.cli.standing import as_json, lines
from certhia.cli.status import NOBODY, standing_of
from certhia.store import State
from certhia.store.lock import Lock
from certhia.store.place import Place
from certhia.testing import SimClock, World, fail, in_simulated_time


def follow(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia(
        *("watch", "example.com", "--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now"),
        "-q",
    )
    assert done.status == 0, done.err


def test_after_a_run(certhia: Command, log_list: str, state: Path) -> None:
    follow(certhia, log_list, state)
    done = certhia("status", "--state", state)
    assert done.status == 0
    assert done.out.startswith(f"{state}: nobody follows now; the last run is of ")
    assert "entries: 120 seen, 120 verified, 0 behind, 0 quarantined" in done.out
    assert "logs: 3 finished" in done.out
    assert "matches: 40 in this run, 40 stored" in done.out
    told = json.loads(certhia("status", "--json", "--state", state).out)
    assert (told["running"], told["matches"], told["stored_matches"]) == (False, 40, 40)
    by_name = {one["log"]: one["requests"] for one in told["logs"]}
    assert set(by_name) == {"First Log 2026", "Second Log 2026", "Third Log 2026"}
    assert all(one["head"]["ok"] >= 1 for one in by_name.values())
    assert told["list_requests"]["list"]["ok"] >= 1


def test_check(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia("status", "--check", "--state", state)
    assert (done.status, done.err) == (NOBODY, "")
    assert "nobody follows" in done.out
    follow(certhia, log_list, state)
    assert certhia("status", "--check", "--state", state).status == NOBODY
    lock = Lock(state)  # a follower that has just begun
    assert certhia("status", "--check", "--state", state).status == 0
    lock.release()
    assert certhia("status", "--check", "--stat", state).status == 2


@in_simulated_time
async def test_who_began_and_never_saved_anything(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True):
        assert (await standing_of(Place(tmp_path), certhia_clock)).exit_status == 0
        certhia_clock.advance(121)
        certhia_clock.step(-86_400)
        hangs = await standing_of(Place(tmp_path), certhia_clock)
    assert [alarm.key for alarm in hangs.alarms] == ["silent"]
    assert hangs.exit_status == 1


@in_simulated_time
async def test_a_clock_that_jumps_neither_raises_nor_hides_silence(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.static("one")
    rig = Rig(certhia_world, tmp_path)
    async with rig.running() as pipeline:
        await rig.clock.sleep(40)
        certhia_world.clock.step(86_400)  # type: ignore[attr-defined]
        assert (await standing_of(Place(tmp_path), rig.clock)).alarms == ()
        pipeline.stop()
    await rig.clock.sleep(1)
    async with await State.open(tmp_path, clock=rig.clock, follow=True):  # of a process with the same number
        begun = await standing_of(Place(tmp_path), rig.clock)
        assert (begun.picture, begun.alarms) == (None, ())


async def test_what_another_version_or_machine_saved(tmp_path: Path) -> None:
    """By the wall clock, as that is all there is."""
    clock = SimClock()
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        lock = tmp_path / "lock"
        lock.write_text(f"{os.getpid()}\n")
        assert (await standing_of(Place(tmp_path), clock)).silence == 0
        known = {"process": os.getpid(), "since": clock.now(), "lists": {}, "alarms": []}
        counts = dict.fromkeys(("entries", "verified", "matches", "quarantined"), 0)
        await state.remember("statuses", json.dumps({"at": clock.now(), "logs": {}, "run": known | counts}))
        await state.writer.durable()
        clock.advance(500)
        assert (await standing_of(Place(tmp_path), clock)).silence == 500


def test_without_a_state(certhia: Command, state: Path) -> None:
    done = certhia("status", "--state", state)
    assert done.status == 1
    assert "there is no state here" in done.err
    assert not state.exists()


@in_simulated_time
async def test_beside_a_follower(certhia_world: World, tmp_path: Path) -> None:
    for name in ("one", "two"):
        certhia_world.static(name, description=name)
    certhia_world.grow(30)
    rig = Rig(certhia_world, tmp_path)
    rig.guarding = Guarding(interval=20, poll=2, places=(tmp_path,))
    async with rig.running():
        await rig.clock.sleep(40)
        well = await standing_of(Place(tmp_path), rig.clock)
        assert (well.process, well.stored, well.waiting, well.exit_status) == (os.getpid(), 30, {}, 0)
        assert "logs: 2 healthy (as of " in "\n".join(lines(well))
        certhia_world.logs["one"].hooks.append(fail(503))
        await rig.clock.sleep(25)
        ill = await standing_of(Place(tmp_path), rig.clock)
        assert [alarm.key for alarm in ill.alarms] == ["contact"]
        assert ill.exit_status == 1
        told = as_json(ill)
        assert told["running"] is True
        assert told["lag_entries"] == 0
    assert (await standing_of(Place(tmp_path), rig.clock)).exit_status == NOBODY
