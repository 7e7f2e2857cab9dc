"""What stood before the live range is read beside it: proven, told once, and gone on with whatever happens."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.logs.bench import KINDS, flipped, make
from tests.rig import Rig

from certhia.backfilling import PROGRESS, REQUEST
from certhia.errors import ConfigError, Unverified, first_of
from certhia.logs.heads import check_head
from certhia.model import Protocol
from certhia.quantity import Point
from certhia.store import Freeze, State
from certhia.store.backfills import CANCELLED, DONE, Backfill
from certhia.store.fsck import check
from certhia.store.ranges import account
from certhia.testing import World, fail, in_simulated_time

kinds = pytest.mark.parametrize("kind", KINDS)
ways = pytest.mark.parametrize("reverse", [False, True])


def asked(log: str = "all", begin: str = "beginning", *, reverse: bool = False) -> str:
    return json.dumps({"log": log, "from": begin, "reverse": reverse})


def names(first: int, end: int) -> set[tuple[str, ...]]:
    return {(f"host{number}.example.com",) for number in range(first, end)}


async def request(rig: Rig, payload: str) -> dict[str, list[list[object]]]:
    """Leaves a request as a command beside the follower does; gives the answer."""
    async with await State.open(rig.directory, clock=rig.clock, follow=False) as beside:
        number = await beside.request(REQUEST, payload)
        while (answer := await beside.answer(number)) is None:
            await rig.clock.sleep(0.5)
    assert not answer.startswith("failed"), answer
    result: dict[str, list[list[object]]] = json.loads(answer)
    return result


async def wishes(rig: Rig) -> list[Backfill]:
    async with await State.open(rig.directory, clock=rig.clock, follow=False) as beside:
        return await beside.backfills()


async def until_done(rig: Rig) -> None:
    while any(one.active for one in await wishes(rig)):
        await rig.clock.sleep(1)


async def ranges(rig: Rig) -> dict[str, list[tuple[int, int, int]]]:
    """What the ledger says of each log: (start, end, quarantined)."""
    async with await State.open(rig.directory, clock=rig.clock, follow=False) as state:
        assert await check(state, check_head) == []
        told = {}
        for seen in await state.logs_seen():
            read = await account(state.steps(seen.log.id), await state.blocks(seen.log.id))
            told[seen.log.description] = [(one.start, one.end, one.quarantined) for one in read.verified]
        return told


def three(world: World) -> None:
    world.rfc6962("one", max_get_entries=32)
    world.static("two")
    world.hybrid("three", max_get_entries=32)


@ways
@in_simulated_time
async def test_beside_a_live_follow(certhia_world: World, tmp_path: Path, reverse: bool) -> None:
    three(certhia_world)
    certhia_world.grow(700)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(10)
        assert rig.sheet.told == []
        answer = await request(rig, asked(begin="5", reverse=reverse))
        assert len(answer["wishes"]) == 3
        certhia_world.grow(40)
        await until_done(rig)
        certhia_world.grow(10)
        await rig.clock.sleep(30)
    assert {one.outcome for one in await wishes(rig)} == {DONE}
    assert await ranges(rig) == {name: [(5, 750, 0)] for name in ("one", "two", "three")}, "they read as one"
    assert {delivery.match.names for delivery in rig.sheet.told} == names(5, 750)
    assert len(rig.sheet.told) == 745
    stored = await rig.stored()
    assert all(match.verified and match.sightings == 3 for match in stored.values())
    assert rig.summary is not None
    assert (rig.summary.logs, rig.summary.entries, rig.summary.verified) == (3, 3 * 745, 3 * 745)
    assert rig.summary.alarms == ()


@kinds
@ways
@in_simulated_time
async def test_newest_first_or_oldest_first(
    certhia_world: World, tmp_path: Path, kind: Protocol, reverse: bool
) -> None:
    make(certhia_world, kind)
    certhia_world.grow(300)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await request(rig, asked("alpha", reverse=reverse))
        await until_done(rig)
        await rig.clock.sleep(5)
    told = [delivery.match.sighting.index for delivery in rig.sheet.told]
    assert sorted(told) == list(range(300))
    stretches = list(dict.fromkeys(index // 64 for index in told))
    assert stretches == sorted(stretches, reverse=reverse)


@ways
@pytest.mark.parametrize("seconds", [0.05, 0.4, 1.0, 2.3])
@in_simulated_time
async def test_stopped_at_any_moment_it_goes_on(
    certhia_world: World, tmp_path: Path, seconds: float, reverse: bool
) -> None:
    three(certhia_world)
    certhia_world.grow(400)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        await request(rig, asked(reverse=reverse))
    for _ in range(4):
        await rig.run(seconds)
        await ranges(rig)
    async with rig.running():
        await until_done(rig)
        await rig.clock.sleep(5)
    assert await ranges(rig) == {name: [(0, 400, 0)] for name in ("one", "two", "three")}
    assert {delivery.match.names for delivery in rig.sheet.told} == names(0, 400)
    assert len([delivery for delivery in rig.sheet.told if not delivery.repeat]) == 400


@in_simulated_time
async def test_alone(certhia_world: World, tmp_path: Path) -> None:
    """Where nobody follows, the command's own process does it, and nothing else."""
    three(certhia_world)
    certhia_world.grow(200)
    rig = Rig(certhia_world, tmp_path)
    rig.backfill = asked("two", "-150", reverse=True)
    async with await State.open(rig.directory, clock=rig.clock, follow=True) as state:
        rig.state = state
        summary = await rig.build(state).run()
    assert (summary.logs, summary.entries, summary.verified, summary.matches) == (1, 150, 150, 150)
    assert await ranges(rig) == {"two": [(50, 200, 0)]}
    assert {delivery.match.names for delivery in rig.sheet.told} == names(50, 200)
    rig.backfill = ""
    rig.origin = Point("now")
    await rig.run(20)
    assert (await ranges(rig))["two"] == [(50, 200, 0)]
    certhia_world.grow(60)
    await rig.run(20)
    assert (await ranges(rig))["two"] == [(50, 260, 0)]
    rig.backfill = asked("nobody")
    with pytest.raises(BaseExceptionGroup) as caught:
        async with await State.open(rig.directory, clock=rig.clock, follow=True) as state:
            await rig.build(state).run()
    assert caught.group_contains(ConfigError, match='no known log is called "nobody"')


@in_simulated_time
async def test_a_leaf_that_was_flipped_once_is_read_again(certhia_world: World, tmp_path: Path) -> None:
    log = make(certhia_world, Protocol.STATIC)
    log.hooks.append(flipped(certhia_world, log, 600, 300, times=1))
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(10)
        await request(rig, asked("alpha"))
        await until_done(rig)
    assert await ranges(rig) == {"alpha": [(0, 600, 0)]}
    assert [level for level, _, _ in rig.said].count("error") == 0


@in_simulated_time
async def test_what_was_skipped_is_read_too(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    certhia_world.grow(100)
    rig = Rig(certhia_world, tmp_path)
    await rig.run(20)
    certhia_world.grow(300)
    from certhia.logs.reading import Reading
    from certhia.quantity import Backlog

    rig.reading = Reading(poll_static=2, poll_rfc6962=3, patience=5, verify_entries=64, max_backlog=Backlog(entries=50))
    await rig.run(20)
    assert (await ranges(rig))["one"] == [(0, 100, 0), (350, 400, 0)]
    async with rig.running():
        await request(rig, asked(begin="0"))
        await until_done(rig)
    assert (await ranges(rig))["one"] == [(0, 400, 0)]


@in_simulated_time
async def test_entries_that_nobody_can_read(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one", max_get_entries=32)
    certhia_world.grow(70)
    log.add(certhia_world.ca.undecodable("truncated"))
    certhia_world.grow(100)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        await request(rig, asked("one", "10"))
        await until_done(rig)
        async with await State.open(rig.directory, clock=rig.clock, follow=False) as state:
            assert [one.index async for one in state.quarantined()] == [70]
    await rig.run(5)
    assert await ranges(rig) == {"one": [(10, 171, 1)]}


@in_simulated_time
async def test_a_date(certhia_world: World, tmp_path: Path) -> None:
    """Entries are read from the MMD before it on, and those that are older are not told."""
    log = certhia_world.static("one")
    for _ in range(20):
        certhia_world.grow(20)
        await certhia_world.clock.sleep(30)
    date = log.entries[200].timestamp / 1000
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        from certhia.clock import utc

        await request(rig, asked("one", utc(date).isoformat()))
        await until_done(rig)
    assert {delivery.match.names for delivery in rig.sheet.told} == names(200, 400)
    ((start, end, _),) = (await ranges(rig))["one"]
    assert 100 < start <= 200
    assert end == 400


@in_simulated_time
async def test_the_same_wish_is_one_wish_and_can_be_cancelled(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one", max_get_entries=32)
    certhia_world.grow(300)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        outage = fail(500, endpoints=("get-entries",))
        log.hooks.append(outage)
        first = await request(rig, asked("one"))
        assert await request(rig, asked("one")) == first
        assert await request(rig, asked("one", "7")) != first
        await rig.clock.sleep(60)
        state = json.loads(await rig.state.recall(PROGRESS) or "{}")
        assert state["done"] == {f"{log.model.id.hex()}:0": 0}
        await request(rig, json.dumps({"log": "one", "cancel": True}))
        assert [one.outcome for one in await wishes(rig)] == [CANCELLED] * 2
        log.hooks.remove(outage)
        await rig.clock.sleep(60)
        assert rig.sheet.told == []
        for nonsense in ("", "{}", '{"log": "one", "from": "never", "reverse": false}', "[]", asked("nobody")):
            answer = await rig.pipeline._old.take(nonsense)
            assert answer.startswith("failed: "), nonsense


@in_simulated_time
async def test_a_log_that_fails_for_long_is_told_and_gone_on_with(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one", max_get_entries=32)
    certhia_world.grow(300)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        outage = fail(500, endpoints=("get-proof-by-hash", "get-entry-and-proof"))
        log.hooks.append(outage)
        await request(rig, asked("one", reverse=True))
        await rig.clock.sleep(300)
        assert any("the backfill failed 3 times without getting on" in text for text in rig.texts)
        reads = sum("get-entries" in request.path for request in log.recent)
        log.hooks.remove(outage)
        await until_done(rig)
        assert sum("get-entries" in request.path for request in log.recent) - reads <= 300 // 32 + 10
    assert await ranges(rig) == {"one": [(0, 300, 0)]}


@in_simulated_time
async def test_a_frozen_log_is_left_alone_until_it_is_accepted(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one", max_get_entries=32)
    certhia_world.grow(300)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        rig.state.writer.freeze(Freeze(log.model.id, 300, rig.clock.now(), "by a test"))
        await request(rig, asked("one"))
        await rig.clock.sleep(60)
        assert rig.sheet.told == []
        (said,) = [text for text in rig.texts if text.startswith("the backfill waits: ")]
        assert said.startswith(
            "the backfill waits: the log is frozen: by a test; once you have seen to it, `certhia logs"
        )
        assert list(json.loads(await rig.state.recall(PROGRESS) or "{}")["waits"].values()) == [said[20:]]
        await rig.state.accept(log.model.id)
        await until_done(rig)
    assert len(rig.sheet.told) == 300


@in_simulated_time
async def test_alone_on_a_frozen_log_it_ends_and_says_what_to_do(certhia_world: World, tmp_path: Path) -> None:
    """Nobody would answer: the exit status is 1, and the wish stands for when the log was accepted."""
    one, two = (certhia_world.rfc6962(name, max_get_entries=32) for name in ("one", "two"))
    certhia_world.grow(100)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        rig.state.writer.freeze(Freeze(one.model.id, 100, rig.clock.now(), "two heads", "/evidence/one.json"))
    alone = Rig(certhia_world, tmp_path)
    alone.backfill = asked("all")
    with pytest.raises(BaseExceptionGroup) as caught:
        await alone.run(600)
    error = first_of(caught.value)
    assert isinstance(error, Unverified)
    assert str(error) == (
        "one: the log is frozen: two heads; evidence: /evidence/one.json, for `certhia verify-evidence`; once you have "
        f"seen to it, `certhia logs --accept {one.model.url}` has it go on, and the backfill too"
    )
    done = {wish.log_id: wish.outcome for wish in await wishes(rig)}
    assert done == {one.id: "", two.id: DONE}, "the others were read"


@in_simulated_time
async def test_live_entries_come_first(certhia_world: World, tmp_path: Path) -> None:
    """A host that allows few requests: what is new is told as soon as without a backfill."""
    log = certhia_world.rfc6962("one", max_get_entries=8)
    certhia_world.grow(4000)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(8)
        await request(rig, asked("one", reverse=True))
        await rig.clock.sleep(1)
        for number in range(5):
            certhia_world.grow(4)
            await rig.clock.sleep(6)
            assert names(4000, 4000 + 4 * number + 4) <= {delivery.match.names for delivery in rig.sheet.told}
        await until_done(rig)
    assert len(log.entries) == 4020
    assert len(rig.sheet.told) == 4020
    await asyncio.sleep(0)
