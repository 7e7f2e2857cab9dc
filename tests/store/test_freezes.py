"""A frozen log stands still, over restarts, until a human has it go on; both stand in the state for good."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import both

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.store import Freeze, State
from certhia.store.freezes import ACCEPTED, REASON_KEPT, is_acceptance
from certhia.store.fsck import check

if TYPE_CHECKING:
    from tests.store.conftest import Book

REASON = "signed two heads of size 9"


def freeze(book: Book, position: int | None) -> Freeze:
    return Freeze(book.log.id, position, 5.0, REASON, "/somewhere/evidence/alpha.json")


async def test_a_frozen_log_takes_no_step_also_after_a_restart(tmp_path: Path, book: Book) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 9))
        state.writer.step(book.step(9))
        state.writer.freeze(freeze(book, 9))
        state.writer.freeze(replace(freeze(book, 9), reason="once more"))
        with pytest.raises(StateError, match="a step from 9 to 12 can't be recorded: the log is frozen"):
            state.writer.step(book.step(12))
        await state.writer.durable()
    book.end = 9
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        assert await state.freezes() == [freeze(book, 9)]
        with pytest.raises(StateError, match="the log is frozen"):
            state.writer.step(book.step(12))
        assert await check(state, check_head) == []


async def test_an_acceptance_is_a_step_of_the_ledger(tmp_path: Path, book: Book) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 9))
        state.writer.step(book.step(7, 9))
        assert await state.accept(book.log.id) is None
        state.writer.freeze(freeze(book, 7))
        assert await state.accept(book.log.id) == freeze(book, 7)
        assert await state.accept(book.log.id) is None, "once"
        assert [one.accepted is not None for one in await state.freezes()] == [True]
        steps = [row.step async for row in state.steps(book.log.id)]
        assert [is_acceptance(step) for step in steps] == [False, False, True]
        assert (steps[-1].start, steps[-1].end) == (7, 7)
        assert steps[-1].note == f"{ACCEPTED}: {REASON}; evidence: /somewhere/evidence/alpha.json"
        assert await check(state, check_head) == []
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.step(book.step(12))
        state.writer.freeze(freeze(book, 12))
        await state.writer.durable()
        assert [one.position for one in await state.freezes()] == [7, 12]
        assert await check(state, check_head) == []


@both
async def test_going_on_in_another_tree(state: State, book: Book) -> None:
    """The log's present view may differ before the position: only an acceptance may say so."""
    state.writer.log(book.log)
    state.writer.step(book.anchor(0, 9))
    state.writer.step(book.step(9))
    state.writer.freeze(freeze(book, 9))
    await state.accept(book.log.id)
    other = type(book)("alpha")
    other.tree.extend(bytes([n]) * 32 for n in range(20))
    view = replace(other.step(9, 20, start=9), note=f"{ACCEPTED}: in another view")
    with pytest.raises(StateError, match="edge differs"):
        state.writer.step(replace(view, note=""))
    state.writer.step(view)
    state.writer.step(other.step(20))
    await state.writer.durable()
    assert await check(state, check_head) == [], "heads of the other tree are signed by the same key"


@both
async def test_a_log_without_a_position(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.freeze(replace(freeze(book, None), reason="x" * 10_000))
    with pytest.raises(StateError, match="frozen"):
        state.writer.step(book.anchor(0, 9))
    accepted = await state.accept(book.log.id)
    assert accepted is not None
    assert len(accepted.reason) == REASON_KEPT
    state.writer.step(book.anchor(0, 9))
    await state.writer.durable()
    assert await check(state, check_head) == []
