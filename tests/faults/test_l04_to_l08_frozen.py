"""Faults L04, L05 and L08 in a whole run: one log is frozen with evidence, the others go on, a human has it go on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.logs.bench import KINDS, flipped, make
from tests.rig import Rig

from certhia.errors import StateError
from certhia.freezing import ACCEPT, FOLDER
from certhia.logs.heads import check_head
from certhia.model import Health, Protocol
from certhia.store import State
from certhia.store.freezes import ACCEPTED, is_acceptance
from certhia.store.fsck import check
from certhia.testing import FakeLog, Fault, Submission, World, in_simulated_time
from certhia.testing.false_heads import split_view
from certhia.testing.hostile import flipped_leaf, flipped_tile

NAMES = {Protocol.RFC6962: "one", Protocol.STATIC: "two", Protocol.HYBRID: "three"}
kinds = pytest.mark.parametrize("kind", KINDS)


def three(world: World) -> None:
    """A log of each kind with the same 120 entries."""
    world.rfc6962("one", max_get_entries=32)
    world.static("two")
    world.hybrid("three", max_get_entries=32)
    world.grow(120)


def verify(path: Path) -> tuple[int, dict[str, object]]:
    """What another process makes of the file, which has nothing but the file."""
    program = [sys.executable, "-m", "certhia", "verify-evidence", "--json", str(path)]
    done = subprocess.run(program, check=False, capture_output=True, text=True, cwd="/", env={"HOME": "/nonexistent"})
    assert done.stderr == ""
    found: dict[str, object] = json.loads(done.stdout)
    return done.returncode, found


async def accept(rig: Rig, log: FakeLog) -> str:
    """Leaves the request that `certhia logs --accept` leaves, and waits for the answer."""
    async with await State.open(rig.directory, clock=rig.clock, follow=False) as beside:
        number = await beside.request(ACCEPT, log.id.hex())
        for _ in range(100):
            await rig.clock.sleep(0.1)
            if (answer := await beside.answer(number)) is not None:
                return answer
    raise AssertionError("nobody took up the request")


async def others(rig: Rig, ill: FakeLog) -> dict[str, tuple[int, int]]:
    """Position and verified position of the logs that are well."""
    return {
        status.log.url: (status.position, status.verified)
        for status in rig.pipeline.statuses()
        if status.log.id != ill.id
    }


async def frozen_and_accepted(world: World, path: Path, ill: FakeLog, fault: Fault, verdict: str) -> None:
    """The way of a fault that shows once, at the second publication, and of its log until it is well again."""
    rig = Rig(world, path)
    async with rig.running():
        await rig.clock.sleep(15)
        verified = {status.log.id: status.verified for status in rig.pipeline.statuses()}
        assert set(verified.values()) == {120}
        ill.hooks.append(fault)
        world.grow(300)
        await rig.clock.sleep(30)
        status = next(one for one in rig.pipeline.statuses() if one.log.id == ill.id)
        assert status.health is Health.FROZEN, "found at the first head that shows it"
        assert set((await others(rig, ill)).values()) == {(420, 420)}
        at = status.verified
        assert 120 <= at < 420 or verdict == "proof"
        (file,) = (path / FOLDER).iterdir()
        errors = [text for level, _, text in rig.said if level == "error"]
        assert len(errors) == 1
        assert errors[0].startswith(f"frozen at {at}: ")
        assert str(file) in errors[0]
        ill.add(Submission.of(world.ca.issue(["only.example.com"])))
        ill.publish()
        await rig.clock.sleep(30)
        assert (status.position, status.verified) == (421, at), "reading goes on"
        told = {delivery.match.names: delivery.match for delivery in rig.sheet.told}
        assert told["only.example.com",].verified is False
    assert rig.summary is not None
    assert [alarm.partition(": ")[2] for alarm in rig.summary.alarms] == errors
    code, found = verify(file)
    assert (code, found["verdict"]) == (0, verdict)

    async with rig.running():
        await rig.clock.sleep(30)
        status = next(one for one in rig.pipeline.statuses() if one.log.id == ill.id)
        assert (status.health, status.verified) == (Health.FROZEN, at), "over a restart"
        assert len(list((path / FOLDER).iterdir())) == 1
        ill.hooks.remove(fault)
        answer = await accept(rig, ill)
        assert answer == f"accepted, and recorded in the ledger: goes on from its verified position {at}"
        await rig.clock.sleep(60)
        assert await accept(rig, ill) == "the log is not frozen: nothing to accept"
    assert rig.summary.alarms == ()
    await rig.check()
    async with await State.open(path, clock=rig.clock, follow=False) as state:
        steps = [row.step async for row in state.steps(ill.id)]
        (acceptance,) = [step for step in steps if is_acceptance(step)]
        assert (acceptance.start, acceptance.end) == (at, at)
        assert acceptance.note.startswith(f"{ACCEPTED}: ")
        assert file.name in acceptance.note
    stored = await rig.stored()
    assert len(stored) >= 421
    assert stored["only.example.com",].verified


@kinds
@in_simulated_time
async def test_l04_flipped_leaf_freezes_its_log_alone(certhia_world: World, tmp_path: Path, kind: Protocol) -> None:
    three(certhia_world)
    ill = certhia_world.logs[NAMES[kind]]
    await frozen_and_accepted(certhia_world, tmp_path, ill, flipped_leaf(200), "observation")


@kinds
@in_simulated_time
async def test_l04_what_stood_in_a_false_leaf_is_never_verified(
    certhia_world: World, tmp_path: Path, kind: Protocol
) -> None:
    """It is told, as nobody knows yet; the entry that is proven in its place is another one, which no rule concerns."""
    log = make(certhia_world, kind)
    log.hooks.append(flipped(certhia_world, log, 300, 200, times=1))
    rig = Rig(certhia_world, tmp_path, ["flipped200.example.com"])
    async with rig.running():
        await rig.clock.sleep(60)
        assert rig.teller.matches == 1
    await rig.check()
    stored = await rig.stored()
    assert stored["flipped200.example.com",].verified is False


@in_simulated_time
async def test_l05_flipped_tile_freezes_no_log_whose_data_is_what_it_signed(
    certhia_world: World, tmp_path: Path
) -> None:
    """A hash tile that is wrong for good: no proof needs it once all that the head covers was read."""
    three(certhia_world)
    rig = Rig(certhia_world, tmp_path)
    ill = certhia_world.logs["two"]
    async with rig.running():
        await rig.clock.sleep(15)
        ill.hooks.append(flipped_tile(270))
        certhia_world.grow(160)
        await rig.clock.sleep(120)
        assert {(status.position, status.verified) for status in rig.pipeline.statuses()} == {(280, 280)}
        assert {status.health for status in rig.pipeline.statuses()} == {Health.HEALTHY}
    assert not (tmp_path / FOLDER).exists()
    assert [text for level, _, text in rig.said if level == "error"] == []
    await rig.check()


@kinds
@in_simulated_time
async def test_l08_split_view_freezes_its_log_alone(certhia_world: World, tmp_path: Path, kind: Protocol) -> None:
    three(certhia_world)
    ill = certhia_world.logs[NAMES[kind]]
    await frozen_and_accepted(certhia_world, tmp_path, ill, split_view(), "proof")


@pytest.mark.parametrize("fault", [lambda: flipped_leaf(200), split_view], ids=["L04", "L08"])
@in_simulated_time
async def test_l08_the_other_logs_are_as_fast_as_ever(
    certhia_world: World, tmp_path: Path, fault: Callable[[], Fault]
) -> None:
    """I6: at each moment they are as far as in a world without the fault."""
    paces = []
    for place, faulty in (("well", False), ("ill", True)):
        world = World(certhia_world.clock)
        three(world)
        ill = world.logs["one"]
        if faulty:
            ill.hooks.append(fault())
        rig, seen = Rig(world, tmp_path / place), []
        async with rig.running():
            for _ in range(40):
                await rig.clock.sleep(1)
                world.grow(5)
                seen.append(sum(verified for _, verified in (await others(rig, ill)).values()))
        paces.append(sum(seen))
    well, with_fault = paces
    assert with_fault >= 0.95 * well


@in_simulated_time
async def test_l08_evidence_that_cannot_be_written_ends_the_run_and_is_written_at_the_next(
    certhia_world: World, tmp_path: Path
) -> None:
    """A fault of local storage, as any: the path and the reason are told, and nothing of it is lost."""
    three(certhia_world)
    folder = tmp_path / FOLDER
    folder.write_text("in the way")
    certhia_world.logs["two"].hooks.append(split_view(times=1))
    rig = Rig(certhia_world, tmp_path)
    with pytest.RaisesGroup(pytest.RaisesExc(StateError, match="the evidence could not be written: ")):
        async with rig.running():
            await rig.clock.sleep(60)
    folder.unlink()
    async with rig.running():
        await rig.clock.sleep(30)
        healths = {status.log.description: status.health for status in rig.pipeline.statuses()}
        assert healths == {"one": Health.HEALTHY, "two": Health.FROZEN, "three": Health.HEALTHY}
        (file,) = folder.iterdir()
        assert verify(file)[1]["verdict"] == "proof"
    errors = [text for level, _, text in rig.said if level == "error"]
    assert str(file) in errors[-1]
    async with await State.open(tmp_path, clock=rig.clock, follow=False) as state:
        assert [Path(freeze.evidence) for freeze in await state.freezes()] == [file]
        assert await check(state, check_head) == []
