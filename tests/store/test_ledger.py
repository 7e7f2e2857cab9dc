"""What may follow on what, and what a log is known by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import both

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store import State

if TYPE_CHECKING:
    from tests.store.conftest import Book


async def follow(path: Path) -> State:
    return await State.open(path, clock=Clock(), follow=True)


@both
async def test_a_position_is_the_last_steps(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.step(book.anchor(5, 9))
    state.writer.step(book.step(7, 9))
    await state.writer.durable()
    position = (await state.positions())[book.log.id]
    assert (position.start, position.end, position.head.size) == (5, 7, 9)
    assert position.edge == book.step(7).edge
    assert [row.step.end async for row in state.steps()] == [5, 7]


async def test_positions_survive_a_restart_and_the_ledger_goes_on(tmp_path: Path, book: Book) -> None:
    async with await follow(tmp_path) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 3))
        state.writer.step(book.step(3))
    async with await follow(tmp_path) as state:
        assert state.writer.position(book.log.id) == 3
        state.writer.step(book.step(10))
    async with await State.open(tmp_path, clock=Clock(), follow=False) as state:
        assert [(row.seq, row.step.start, row.step.end) async for row in state.steps(book.log.id)] == [
            (0, 0, 0),
            (1, 0, 3),
            (2, 3, 10),
        ]
        (seen,) = await state.logs_seen()
        assert seen.log.key == book.log.key
        assert seen.position is not None


@both
async def test_a_step_that_does_not_follow_is_a_bug(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    with pytest.raises(StateError, match="first step of a log is an anchor"):
        writer.step(book.step(4, start=0))
    writer.step(book.anchor(4))
    for wrong in (
        book.step(8, start=5),
        book.step(8, start=3),
        replace(book.step(8, start=4), edge=b"\0" * 64),
        replace(book.step(8, start=4), end=9),
        replace(book.step(8, start=4), quarantined=5),
        replace(book.step(4, start=4), edge=b"\0" * 32),
    ):
        with pytest.raises(StateError, match=r"https://alpha.example/: a step .* \(a bug: report it\)"):
            writer.step(wrong)
    writer.step(book.step(8, start=4))
    await writer.durable()
    assert (await state.positions())[book.log.id].end == 8


@both
async def test_descriptions_follow_the_list(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.step(book.anchor(0, 3))
    state.writer.log(replace(book.log, description="Renamed \0\udc00", mmd=1 << 70))
    await state.writer.durable()
    staged = state.writer.staged
    state.writer.log(replace(book.log, description="Renamed \0\udc00", mmd=1 << 70))
    assert staged == state.writer.staged == 0
    (seen,) = await state.logs_seen()
    assert seen.log.description == r"Renamed \x00\udc00"
    assert seen.position is not None
