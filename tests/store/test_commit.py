"""What one transaction makes of what was staged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.store.conftest import both

from certhia.store import State

if TYPE_CHECKING:
    from tests.store.conftest import Book


@both
async def test_a_skipped_range_is_no_proof(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    writer.step(book.anchor(0, 4))
    writer.match(book.match(2), [])
    writer.match(book.match(6), [])
    writer.step(book.step(4))
    writer.step(book.step(8, note="skipped as asked"))
    writer.step(book.step(10))
    writer.match(book.match(7), [])
    writer.match(book.match(9), [])
    await writer.durable()
    verified = {stored.match.sighting.index: stored.match.verified for stored in await state.matches()}
    assert verified == {2: True, 6: False, 7: False, 9: True}


@both
async def test_sightings_turn_verified_with_their_step(state: State, make_book: Callable[..., Book]) -> None:
    one, other = make_book("one"), make_book("other")
    writer = state.writer
    for book in (one, other):
        writer.log(book.log)
        writer.step(book.anchor(0, 1))
    writer.match(one.match(3), ["a"])
    writer.sighting(one.match(3).key, other.sighting(30))
    await writer.durable()
    assert [stored.match.verified for stored in await state.matches()] == [False]
    writer.step(one.step(3))
    await writer.durable()
    assert [stored.match.verified for stored in await state.matches()] == [False]
    writer.step(other.step(31))
    await writer.durable()
    (stored,) = await state.matches()
    assert stored.match.verified
    assert stored.match.sightings == 2
    assert await state.sighted(one.log.id, [2, 3, 4]) == {3}


@both
async def test_a_match_is_stored_once(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    match = book.match(1)
    writer.match(match, ["a", "b"])
    writer.match(replace(match, sighting=book.sighting(2)), ["a", "b"])
    assert await state.find([match.key]) == {match.key: 1}
    await writer.durable()
    writer.match(replace(match, sighting=book.sighting(3)), ["a", "b"])
    writer.match(book.match(4), ["a"])
    await writer.durable()
    writer.sighting(match.key, book.sighting(3))
    writer.sighting(b"nobody knows it", book.sighting(9))
    await writer.durable()
    assert await state.totals() == {
        "logs": 1,
        "quarantine": 0,
        "blocks": 0,
        "matches": 2,
        "sightings": 4,
        "deliveries": 3,
        "delivered": 0,
        "resolved": 0,
        "freezes": 0,
        "accepted": 0,
    }
    found = await state.find([match.key, book.match(4).key, b"unknown"])
    assert set(found) == {match.key, book.match(4).key}
    first = (await state.matches())[-1].match
    assert first == replace(match, sightings=3)


@both
async def test_what_a_log_serves_again_rightly_takes_the_place(state: State, book: Book) -> None:
    writer = state.writer
    writer.log(book.log)
    writer.step(book.anchor(0, 9))
    false, true = book.match(5, "false.example.com"), book.match(5, "www.example.com")
    true = replace(true, key=b"another")
    writer.match(false, [])
    await writer.durable()
    writer.match(true, [])
    writer.step(book.step(9))
    await writer.durable()
    stored = {one.match.key: one.match.verified for one in await state.matches()}
    assert stored == {false.key: False, true.key: True}
    assert (await state.totals())["sightings"] == 1


@both
async def test_a_hostile_timestamp_is_cut_to_what_a_column_holds(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.match(replace(book.match(1), sighting=replace(book.sighting(1), timestamp=2**64 - 1)), [])
    await state.writer.durable()
    assert (await state.matches())[0].match.sighting.timestamp == 2**64 - 1
