"""What the state keeps of logs that contradicted themselves, and what it makes of them at the next start."""

from __future__ import annotations

import asyncio
from pathlib import Path

from certhia.freezing import FOLDER, Freezing
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
    clock, said = certhia_world.clock, list[str]()

    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        said.append(text)

    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        freezing = Freezing(state, tell, clock)
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
        path = Path(freeze.evidence)
        assert path.parent == tmp_path / FOLDER
        assert path.name.startswith("lpha-log-2026-2")
        assert path.suffix == ".json"
        assert decode(await asyncio.to_thread(path.read_bytes)).heads == evidence(log, freeze.at).heads
    async with await State.open(tmp_path, clock=clock, follow=True) as state:
        freezing, again = Freezing(state, tell, clock), list[bytes]()
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
        freezing = Freezing(state, tell, clock)
        await freezing.recall()
        assert freezing.origin(log.model, BEGINNING, position).freeze == standing
        assert freezing.origin(log.model, BEGINNING, None).freeze is None
    assert said == []


@in_simulated_time
async def test_a_log_is_frozen_also_where_its_evidence_cannot_be_written(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(10)
    (tmp_path / FOLDER).write_text("in the way")
    said: list[tuple[str, str]] = []

    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        said.append((level, text))

    async with await State.open(tmp_path, clock=certhia_world.clock, follow=True) as state:
        freezing = Freezing(state, tell, certhia_world.clock)
        state.writer.log(log.model)
        freeze = await freezing.freeze(evidence(log, 5.0), None)
        assert (freeze.evidence, freeze.position) == ("", None)
        assert await state.freezes() == [freeze]
        assert freezing.origin(log.model, BEGINNING, None).freeze == freeze
    ((level, text),) = said
    assert level == "error"
    assert text.startswith(f"{tmp_path / FOLDER}/alpha-19700101T000005Z-")
    assert "the evidence could not be written: " in text
