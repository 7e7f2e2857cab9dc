"""Blocks are proven by themselves, and siblings become one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.conftest import both

from certhia._core import cover
from certhia.clock import Clock
from certhia.errors import StateError, Unverified
from certhia.logs.heads import check_head
from certhia.model import Quarantined
from certhia.store import State
from certhia.store.blocks import Block, block_row, place, row_block
from certhia.store.fsck import check

if TYPE_CHECKING:
    from tests.store.conftest import Book

SIZES = (1, 2, 3, 7, 8, 9, 21, 64, 100)


@given(st.integers(0, 99), st.integers(1, 100), st.sampled_from(SIZES))
def test_every_block_of_every_tree_is_proven(make_book: Callable[..., Book], start: int, end: int, size: int) -> None:
    book = make_book()
    for level, index in cover(min(start, end), min(end, size)) if start < min(end, size) else ():
        block = book.block(level, index, size)
        assert block.holds()
        assert row_block(block_row(1, block), book.log.id) == block
        for other in (
            replace(block, root=bytes(32)),
            replace(block, index=block.index + 1),
            replace(block, path=(*block.path, bytes(32))),
            replace(block, head=replace(block.head, root=bytes(32))),
        ):
            assert not other.holds()


def test_nonsense_is_not_proven(book: Book) -> None:
    block = book.block(2, 1, 11)
    assert not replace(block, level=63).holds()
    assert not replace(block, level=-1).holds()
    assert not replace(block, index=-1).holds()
    assert not replace(block, index=2).holds(), "of 8 to 12 there are only 11"


@given(st.integers(0, 1 << 30), st.sampled_from(SIZES), st.booleans())
def test_in_whatever_order_they_come(make_book: Callable[..., Book], seed: int, size: int, grows: bool) -> None:
    book, choose = make_book(), random.Random(seed)
    found = [book.block(0, index, choose.randint(size, size + 9) if grows else size) for index in range(size)]
    choose.shuffle(found)
    blocks: dict[int, Block] = {}
    for block in found:
        place(blocks, block)
        assert all(one.holds() for one in blocks.values())
    assert sorted((one.level, one.index) for one in blocks.values()) == sorted(cover(0, size))
    assert sum(one.merged for one in blocks.values()) == size


def test_heads_that_contradict_each_other(make_book: Callable[..., Book]) -> None:
    book, other = make_book(), make_book()
    other.tree.extend([bytes(32)] * 8)
    blocks: dict[int, Block] = {}
    place(blocks, book.block(2, 0, 8))
    with pytest.raises(
        Unverified, match="entries 0 to 3 are proven to the signed head of size 8, and are others by the"
    ):
        place(blocks, other.block(2, 1, 9))
    assert list(blocks) == [0]


def test_what_was_proven_is_not_proven_again(book: Book) -> None:
    blocks: dict[int, Block] = {}
    place(blocks, book.block(2, 0, 8))
    with pytest.raises(StateError, match="entries 2 to 3 were proven twice"):
        place(blocks, book.block(1, 1, 8))


# --- in the state ---


@both
async def test_what_a_log_served_wrongly_is_not_proven_with_the_rest(state: State, book: Book) -> None:
    """The entry that really stands there may match nothing, so that nothing takes its place."""
    writer = state.writer
    writer.log(book.log)
    writer.match(book.match(40), ["a"])
    writer.match(book.match(41), ["a"])
    await writer.durable()
    writer.sighting(book.match(41).key, book.sighting(44))
    writer.sighting(book.match(41).key, book.sighting(99))
    writer.forget(book.log.id, [(32, 48)])
    writer.sighting(book.match(41).key, book.sighting(41))
    writer.block(book.block(4, 2, 100))
    await writer.durable()
    told = {one.match.sighting.index: (one.match.verified, one.match.sightings) for one in await state.matches()}
    assert told == {40: (False, 1), 41: (True, 2)}
    assert await state.sighted(book.log.id, range(100)) == {41, 99}
    assert await check(state, check_head) == []


@both
async def test_matches_turn_verified_with_their_block(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    writer.step(book.anchor(64, 100))
    for index in (40, 48, 70):
        writer.match(book.match(index), ["a"])
    await writer.durable()
    assert [one.match.verified for one in await state.matches()] == [False] * 3
    writer.block(book.block(4, 3, 100))
    writer.match(book.match(49), ["a"])
    await writer.durable()
    verified = {one.match.sighting.index: one.match.verified for one in await state.matches()}
    assert verified == {40: False, 48: True, 49: True, 70: False}
    writer.match(book.match(50), ["a"])
    writer.block(book.block(4, 2, 100))
    await writer.durable()
    verified = {one.match.sighting.index: one.match.verified for one in await state.matches()}
    assert verified == {40: True, 48: True, 49: True, 50: True, 70: False}
    assert [(one.start, one.end) for one in await state.blocks(book.log.id)] == [(32, 64)]
    track = writer.tracks[book.log.id]
    assert track.verified() == [(32, 64)], "nothing of the live range is proven yet"
    writer.step(book.step(80, 100))
    assert track.verified() == [(32, 80)]
    await writer.durable()
    assert await check(state, check_head) == []


@both
async def test_quarantined_entries_of_a_block_outlast_a_restart(state: State, book: Book) -> None:
    """Also in a log of which nothing was followed."""
    writer = state.writer
    writer.log(book.log)
    for index in (5, 9):
        writer.quarantine(Quarantined(book.log.id, index, "why", bytes(32), b"leaf", 1.0))
    writer.block(book.block(2, 1, 11, quarantined=1))
    await state.close()
    async with await State.open(state.place, clock=Clock(), follow=True) as again:
        assert [one.index async for one in again.quarantined()] == [5], "entry 9 is about to be read again"
        assert await check(again, check_head) == []
        again.writer.quarantine(Quarantined(book.log.id, 2, "why", bytes(32), b"leaf", 1.0))
        again.writer.forget(book.log.id, [(0, 4)])
        again.writer.quarantine(Quarantined(book.log.id, 3, "why", bytes(32), b"leaf", 1.0))
        await again.writer.durable()
        assert [one.index async for one in again.quarantined()] == [3, 5]
