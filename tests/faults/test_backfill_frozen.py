"""A backfill that finds what the log never signed, or two trees: frozen, with evidence, until a human accepts."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from tests.logs.bench import KINDS, fill, flipped, make
from tests.rig import Rig
from tests.test_backfilling import asked, ranges, request, until_done, wishes

from certhia.freezing import ACCEPT, FOLDER
from certhia.logs.evidence import decode
from certhia.logs.judging import Verdict, judge
from certhia.logs.select import Choice
from certhia.model import Health, Protocol
from certhia.net import Response
from certhia.quantity import Point
from certhia.store import State
from certhia.testing import Fault, World, in_simulated_time
from certhia.testing.hostile import flipped_leaf

kinds = pytest.mark.parametrize("kind", KINDS)


async def accept(rig: Rig, log_id: bytes) -> str:
    """Leaves the request that `certhia logs --accept` leaves."""
    async with await State.open(rig.directory, clock=rig.clock, follow=False) as beside:
        number = await beside.request(ACCEPT, log_id.hex())
        while (answer := await beside.answer(number)) is None:
            await rig.clock.sleep(0.5)
    return answer


def found_in(directory: Path) -> list[tuple[Verdict, str]]:
    """What each file of evidence in a state is worth, and why."""
    findings = [judge(decode(file.read_bytes())) for file in (directory / FOLDER).iterdir()]
    assert all(check.holds for finding in findings for check in finding.checks)
    return [(finding.verdict, finding.because) for finding in findings]


@kinds
@in_simulated_time
async def test_a_leaf_that_is_not_what_the_log_signed(certhia_world: World, tmp_path: Path, kind: Protocol) -> None:
    """The log is frozen, with evidence; once that is accepted the rest is read, and the live range goes on."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 600)
    log.hooks.append(flipped_leaf(300))
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running() as pipeline:
        await rig.clock.sleep(10)
        await request(rig, asked("alpha"))
        await until_done(rig)
        await rig.clock.sleep(10)
        (wish,) = await wishes(rig)
        assert wish.outcome == "not what the log signed: entries 256 to 319; the log is frozen"
        (status,) = pipeline.statuses()
        assert status.health is Health.FROZEN
        assert await ranges(rig) == {"alpha": [(0, 256, 0)]}
        ((verdict, because),) = found_in(tmp_path)
        assert verdict is Verdict.OBSERVATION
        assert because.startswith("what is served from entry 300 on is not what the log signed")
        errors = [text for level, _, text in rig.said if level == "error"]
        assert len(errors) == 1
        assert errors[0].startswith("frozen at 600: entries 256 to 319, read for a backfill, are not proven to be in ")
        certhia_world.grow(5)
        await rig.clock.sleep(30)
        assert (status.verified, await ranges(rig)) == (600, {"alpha": [(0, 256, 0)]}), "it stands still"
        assert (await accept(rig, log.id)).startswith("accepted")
        await rig.clock.sleep(30)
        await request(rig, asked("alpha"))
        await until_done(rig)
        assert (await wishes(rig))[-1].outcome == "not what the log signed: entries 256 to 319"
        assert await ranges(rig) == {"alpha": [(0, 256, 0), (320, 605, 0)]}
        assert len(found_in(tmp_path)) == 1, "it is frozen for that once"
    assert rig.summary is not None
    assert len(rig.summary.alarms) == 1
    log.hooks.clear()
    async with rig.running():
        await request(rig, asked("alpha", reverse=True))
        await until_done(rig)
    assert await ranges(rig) == {"alpha": [(0, 605, 0)]}


@in_simulated_time
async def test_another_leaf_of_a_block_than_the_one_that_was_accepted(certhia_world: World, tmp_path: Path) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 600)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running() as pipeline:
        await rig.clock.sleep(10)
        for place in (300, 301):
            log.hooks = [flipped_leaf(place)]
            await request(rig, asked("alpha"))
            await until_done(rig)
            assert (await wishes(rig))[-1].outcome == "not what the log signed: entries 256 to 319; the log is frozen"
            assert (await accept(rig, log.id)).startswith("accepted")
            await rig.clock.sleep(30)
        (status,) = pipeline.statuses()
        assert status.health is Health.HEALTHY
    assert len(found_in(tmp_path)) == 2


@in_simulated_time
async def test_frozen_where_nobody_follows(certhia_world: World, tmp_path: Path) -> None:
    """The command ends, and says it."""
    log = make(certhia_world, Protocol.STATIC)
    log.hooks.append(flipped(certhia_world, log, 600, 300))
    rig = Rig(certhia_world, tmp_path)
    rig.backfill = asked("alpha")
    async with await State.open(rig.directory, clock=rig.clock, follow=True) as state:
        rig.state = state
        summary = await rig.build(state).run()
        assert [one.position for one in await state.freezes()] == [None]
    (alarm,) = summary.alarms
    assert alarm.startswith("alpha: frozen: entries 256 to 319, read for a backfill, are not proven to be in ")
    assert "certhia logs --accept" in alarm
    assert len(found_in(tmp_path)) == 1
    other = make(certhia_world, Protocol.RFC6962, "other")
    fill(certhia_world, other, 10)
    rig = Rig(certhia_world, tmp_path)
    rig.choice = Choice(only=(other.url,))
    async with rig.running() as pipeline:
        await rig.clock.sleep(400)
        assert [one.log.id for one in pipeline.statuses()] == [other.id]
        (still,) = pipeline.progress().alarms
        assert str(still) == alarm, "whoever follows other logs hears of it"
        assert [text for level, _, text in rig.said if level == "error"] == [still.text], "told once"
        await accept(rig, log.id)
        await rig.clock.sleep(400)
        assert pipeline.progress().alarms == ()


@in_simulated_time
async def test_heads_that_contradict_each_other(certhia_world: World, tmp_path: Path) -> None:
    """What a backfill proved to one head, and another one, of another tree, for the next backfill."""
    log = make(certhia_world, Protocol.STATIC)
    fill(certhia_world, log, 300)
    rig = Rig(certhia_world, tmp_path)
    rig.backfill = asked("alpha", "100")
    async with await State.open(rig.directory, clock=rig.clock, follow=True) as state:
        rig.state = state
        await rig.build(state).run()
    other = make(World(certhia_world.clock), Protocol.STATIC)
    fill(certhia_world, other, 400, timestamp=1)
    log.hooks.append(lambda request: other.serve(replace(request, log=other)))
    rig.backfill = asked("alpha", "50")
    async with await State.open(rig.directory, clock=rig.clock, follow=True) as state:
        rig.state = state
        summary = await rig.build(state).run()
        assert len(await state.freezes()) == 1
    assert len(summary.alarms) == 1
    assert [verdict for verdict, _ in found_in(tmp_path)] == [Verdict.PROOF]
    assert (await wishes(rig))[-1].outcome == "signed heads that contradict each other; the log is frozen"


# --- answers that are no contradiction ---

NOTHING = [b64encode(bytes(32)).decode()] * 3
GARBAGE = json.dumps({"consistency": NOTHING, "leaf_index": 0, "audit_path": NOTHING}).encode()


def garbage(times: int | None, *endpoints: str) -> Fault:
    """Proofs as they should look, of hashes that lead nowhere."""
    return Fault(lambda _: Response(200, GARBAGE, {}), frozenset(endpoints), times)


@pytest.mark.parametrize("times", [1, 2, 4])
@in_simulated_time
async def test_consistency_proofs_that_do_not_hold_freeze_no_honest_log(
    certhia_world: World, tmp_path: Path, times: int
) -> None:
    """Heads contradict each other where another root is shown; asked again, the log is as honest as ever."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 600)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running() as pipeline:
        await rig.clock.sleep(10)
        await request(rig, asked("alpha", "-200", reverse=True))
        await until_done(rig)
        fill(certhia_world, log, 50)
        await rig.clock.sleep(60)
        log.hooks.append(garbage(times, "get-sth-consistency"))
        await request(rig, asked("alpha"))
        await until_done(rig)
        (status,) = pipeline.statuses()
        assert status.health is Health.HEALTHY
    assert [one.outcome for one in await wishes(rig)] == ["done", "done"]
    assert not (tmp_path / FOLDER).exists()
    assert await ranges(rig) == {"alpha": [(0, 650, 0)]}


@pytest.mark.parametrize("times", [2, 4])
@in_simulated_time
async def test_inclusion_proofs_that_do_not_hold_freeze_no_honest_log(
    certhia_world: World, tmp_path: Path, times: int
) -> None:
    """A block that the log's own hashes do not show to be another one is read again, for as long as that takes."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 600)
    rig = Rig(certhia_world, tmp_path, ["www0.example.com"])
    rig.origin = Point("now")
    async with rig.running() as pipeline:
        await rig.clock.sleep(10)
        log.hooks.append(garbage(times, "get-proof-by-hash", "get-entry-and-proof"))
        await request(rig, asked("alpha"))
        await until_done(rig)
        (status,) = pipeline.statuses()
        assert status.health is Health.HEALTHY
    assert [one.outcome for one in await wishes(rig)] == ["done"]
    assert not (tmp_path / FOLDER).exists()
    assert await ranges(rig) == {"alpha": [(0, 600, 0)]}
    assert [level for level, _, _ in rig.said].count("error") == 0
