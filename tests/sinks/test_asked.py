"""What people ask of an outbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sinks.test_outbox import match, opened

from certhia.clock import Clock
from certhia.sinks.asked import Asked, asked, fulfil, told
from certhia.sinks.outbox import Outbox
from certhia.store.bounds import Bounds
from certhia.store.schema import DEAD, DROPPED, HELD, PENDING


def test_a_wish_there_and_back() -> None:
    wish = Asked("drop", "sink", [1, 2], waiting=True)
    assert asked(wish.payload()) == wish
    for wrong in ("", "{}", "[]", '{"do": "sell", "sink": "x", "ids": [], "waiting": false}', "[" * 100_000):
        with pytest.raises((ValueError, LookupError, TypeError, RecursionError)):
            asked(wrong)
    assert told(Asked("retry", "hook"), 1) == "hook: 1 delivery to be tried again"
    assert told(Asked("drop", "hook"), 2) == "hook: 2 deliveries dropped"


async def test_dead_and_held_ones_and_those_that_are_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as state:
        state.writer.waiting("sink").bounds = Bounds(rows=6)
        for index in range(8):
            state.writer.match(match(index), ["sink"])
        state.writer.aside([1, 2], DEAD, 1.0, "why")
        state.writer.aside([3], HELD, 1.0, "why")
        assert await fulfil(state, Asked("retry", "sink", [1, 4]), 2.0) == 1
        assert await state.letter_counts() == {"sink": {PENDING: 4, HELD: 1, DEAD: 1}}
        assert await fulfil(state, Asked("drop", "sink"), 2.0) == 2
        assert await fulfil(state, Asked("drop", "sink", [4]), 2.0) == 1
        assert await state.letter_counts() == {"sink": {PENDING: 3, DROPPED: 3}}
        assert await fulfil(state, Asked("drop", "other", waiting=True), 2.0) == 0
        assert await fulfil(state, Asked("drop", "sink", waiting=True), 2.0) == 4, "the digest too"
        assert await state.letter_counts() == {"sink": {DROPPED: 6}}
    async with opened(tmp_path) as state:
        assert state.writer.waiting("sink").closed == []


async def test_a_request_that_makes_no_sense(tmp_path: Path) -> None:
    async with opened(tmp_path) as state:
        assert "makes no sense" in await Outbox(state, [], Clock()).take("{}")


async def test_whatever_is_asked_ends_nothing(tmp_path: Path) -> None:
    """A request stays until it is answered: one that ended the run would end the next one, too."""
    async with opened(tmp_path) as state:
        state.writer.match(match(1), ["sink"])
        await state.writer.durable()
        for sink, ids in (("sink", [1 << 80, -1]), ("sink", [1 << 63]), ("sink\udcff\0", []), ("sink\udcff", [1])):
            assert await fulfil(state, Asked("drop", sink, ids, waiting=True), 2.0) == 0
        assert await fulfil(state, Asked("drop", "sink", range(100_000)), 2.0) == 1, "more than one statement takes"


async def test_no_name_is_no_sink_and_not_all_of_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as state:
        for index, sink in enumerate(("one", "two")):
            state.writer.match(match(index), [sink])
        assert await fulfil(state, Asked("drop", "", waiting=True), 2.0) == 0
        assert await fulfil(state, Asked("drop", "", [1, 2]), 2.0) == 0
        assert await state.queues() == {"one": 1, "two": 1}
