"""Wishes are kept, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.store.conftest import both

from certhia.clock import Clock
from certhia.store import State
from certhia.store.backfills import DONE, OUTCOME_KEPT, Backfill

if TYPE_CHECKING:
    from tests.store.conftest import Book


@both
async def test_a_wish_lasts_until_it_is_fulfilled(state: State, book: Book) -> None:
    wish = Backfill(book.log.id, 0, "2026-01-01", True, 5.0)
    state.writer.log(book.log)
    state.writer.backfill(wish)
    await state.writer.durable()
    assert await state.backfills() == [wish]
    assert wish.active
    begun = replace(wish, start=3, end=9)
    state.writer.backfill(begun)
    await state.close()
    async with await State.open(state.place, clock=Clock(), follow=True) as again:
        track = again.writer.tracks[book.log.id]
        assert track.backfills == {0: begun}
        ended = replace(begun, ended=7.0, outcome=DONE)
        again.writer.backfill(ended)
        await again.writer.durable()
        assert await again.backfills() == [ended]
        assert not ended.active


@both
async def test_an_outcome_is_cut_to_what_people_read(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.backfill(Backfill(book.log.id, 0, "0", False, 5.0, 0, 9, 7.0, "x" * 100_000))
    await state.writer.durable()
    (one,) = await state.backfills()
    assert len(one.outcome) == OUTCOME_KEPT
