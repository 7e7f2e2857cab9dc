"""What the state keeps of logs that contradicted themselves, and what it makes of them at the next start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from certhia.errors import StateError
from certhia.freezing import FOLDER, Freezing
from certhia.logs.accepted import Accepted
from certhia.logs.evidence import Evidence, SeenHead, decode
from certhia.model import Head, Step
from certhia.quantity import Point
from certhia.store import State
from certhia.testing import FakeLog, World, in_simulated_time

BEGINNING = Point("beginning")


def evidence(log: FakeLog, at: float) -> Evidence:
    return Evidence(log.model, at, "signed two heads", (SeenHead(log.head.body, at),))


def anchor(log: FakeLog) -> Step:
    """The whole log, verified."""
    edge = b"".join(log.tree.node(level, index) for level, index in ((3, 0), (1, 4)))
    return Step(log.id, 10, 10, 0, edge, Head(10, log.head.root, log.head.timestamp, log.head.body))


@in_simulated_time
async def test_frozen_until_accepted_and_then_once_more(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("alpha", description="Älpha / Log 2026")
    certhia_world.grow(10)
    clock = certhia_world.clock
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        freezing = Freezing(state, clock)
        await freezing.recall()
        state.writer.log(log.model)
        state.writer.step(anchor(log))
        await state.writer.durable()
        position = (await state.positions())[log.id]
        assert freezing.origin(log.model, BEGINNING, None).freeze is None
        assert freezing.origin(log.model, BEGINNING, position).freeze is None
        freeze = await freezing.freeze(evidence(log, clock.now()), 10)
        assert freezing.origin(log.model, BEGINNING, position).freeze == freeze
        assert freeze.position == 10
        named = Accepted(((10, log.head.root),))
        assert freezing.origin(log.model, BEGINNING, position).accepted == named
        (known,) = await freezing.recorded(log.model, 10)
        assert known.root == log.head.root
        path = Path(freeze.evidence)
        assert path.parent == tmp_path / FOLDER
        assert path.name.startswith("lpha-log-2026-2")
        assert path.suffix == ".json"
        assert decode(await asyncio.to_thread(path.read_bytes)).heads == evidence(log, freeze.at).heads
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        freezing, again = Freezing(state, clock), list[bytes]()
        await freezing.recall()
        assert freezing.origin(log.model, BEGINNING, position).freeze == freeze
        assert await freezing.accept("no hex", again.append) == "failed: the request makes no sense"
        assert await freezing.accept("00" * 32, again.append) == "the log is not frozen: nothing to accept"
        assert (await freezing.accept(log.id.hex(), again.append)).startswith("accepted, and recorded in the ledger")
        assert again == [log.id]
        standing = freezing.origin(log.model, BEGINNING, position).freeze
        assert standing is not None
        assert standing.accepted == clock.now(), "until something is verified by it"
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        freezing = Freezing(state, clock)
        await freezing.recall()
        assert freezing.origin(log.model, BEGINNING, position).freeze == standing
        assert freezing.origin(log.model, BEGINNING, None).freeze is None
        assert freezing.origin(log.model, BEGINNING, position).accepted == named, "what the evidence names, and no more"
        assert await freezing.recorded(log.model, 10) == [], "what was proven before is of a view that may be gone"


@in_simulated_time
async def test_a_log_that_is_frozen_stays_so_for_the_first_reason(certhia_world: World, tmp_path: Path) -> None:
    """Whoever else finds it contradict itself meanwhile is given the freeze that stands, and writes nothing."""
    log = certhia_world.static("alpha")
    certhia_world.grow(10)
    async with await State.open(tmp_path, clock=certhia_world.clock, follow=True) as state:
        freezing = Freezing(state, certhia_world.clock)
        state.writer.log(log.model)
        first, second = await asyncio.gather(
            freezing.freeze(evidence(log, 5.0), None), freezing.freeze(evidence(log, 6.0), None)
        )
        assert first == second == await freezing.freeze(evidence(log, 7.0), None)
        assert await state.freezes() == [first]
    assert [str(file) for file in (tmp_path / FOLDER).iterdir()] == [first.evidence]


@in_simulated_time
async def test_who_is_cancelled_while_it_freezes_a_log_leaves_it_frozen(certhia_world: World, tmp_path: Path) -> None:
    """A changed list replaces a follower: the next one finds the log frozen, and tells it."""
    log = certhia_world.static("alpha")
    certhia_world.grow(10)
    async with await State.open(tmp_path, clock=certhia_world.clock, follow=True) as state:
        freezing = Freezing(state, certhia_world.clock)
        state.writer.log(log.model)
        task = asyncio.create_task(freezing.freeze(evidence(log, 5.0), None))
        await asyncio.sleep(0)
        (standing,) = freezing.standing
        assert freezing.origin(log.model, BEGINNING, None).freeze == standing
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await state.freezes() == [standing]
        assert [str(file) for file in (tmp_path / FOLDER).iterdir()] == [standing.evidence]


@in_simulated_time
async def test_evidence_that_cannot_be_written_ends_the_run_and_the_next_start_writes_it(
    certhia_world: World, tmp_path: Path
) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(10)
    (tmp_path / FOLDER).write_text("in the way")
    clock, found = certhia_world.clock, evidence(log, 5.0)
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        freezing = Freezing(state, clock)
        await freezing.recall()
        state.writer.log(log.model)
        with pytest.raises(StateError) as raised:
            await freezing.freeze(found, None)
        assert str(raised.value).startswith(f"{tmp_path / FOLDER}/alpha-19700101T000005Z-")
        assert "the evidence could not be written: " in str(raised.value)
        (freeze,) = await state.freezes()
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        with pytest.raises(StateError, match="the evidence could not be written: "):
            await Freezing(state, clock).recall()
    (tmp_path / FOLDER).unlink()
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        freezing = Freezing(state, clock)
        await freezing.recall()
        assert freezing.origin(log.model, BEGINNING, None).freeze == freeze
        assert decode(await asyncio.to_thread(Path(freeze.evidence).read_bytes)).heads == found.heads
        await asyncio.to_thread(Path(freeze.evidence).unlink)
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        await Freezing(state, clock).recall()
        assert list((tmp_path / FOLDER).iterdir()) == [], "written once: who takes it away means it"


@in_simulated_time
async def test_evidence_against_a_log_that_goes_on(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(10)
    found = evidence(log, 5.0)
    async with await State.open(tmp_path, clock=certhia_world.clock, follow=True) as state:
        file = await Freezing(state, certhia_world.clock).keep(found)
        assert decode(await asyncio.to_thread(Path(file).read_bytes)).heads == found.heads
        assert await state.freezes() == []
