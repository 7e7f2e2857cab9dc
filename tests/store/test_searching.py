"""Matches are found by what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import both

from certhia.model import Match
from certhia.store import State, searching
from certhia.store.searching import Wanted, search

if TYPE_CHECKING:
    from tests.store.conftest import Book


def anything(_: Match) -> bool:
    return True


async def indices(state: State, wanted: Wanted) -> list[int]:
    return [stored.match.sighting.index async for stored in search(state, wanted)]


@both
async def test_newest_first_across_pieces(state: State, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "AT_ONCE", 2)
    state.writer.log(book.log)
    for index in range(5):
        state.writer.match(book.match(index, f"{'ab'[index % 2]}.EXAMPLE.com"), ["sink"])
    await state.writer.durable()
    assert await indices(state, Wanted(anything)) == [4, 3, 2, 1, 0]
    assert await indices(state, Wanted(lambda match: match.names[0].startswith("a"))) == [4, 2, 0]
    seen = book.match(2).seen
    assert await indices(state, Wanted(anything, since=seen, until=seen + 2)) == [3, 2]


@both
async def test_one_text_of_each_group_must_stand_there(state: State, book: Book) -> None:
    state.writer.log(book.log)
    for index, name in enumerate(("a.Else.com", "b_else.com", "a%.else.net")):
        state.writer.match(book.match(index, name), ["sink"])
    await state.writer.durable()
    assert await indices(state, Wanted(anything, texts=(("A.ELSE",),))) == [0]
    assert await indices(state, Wanted(anything, texts=(("b_",),))) == [1]
    assert await indices(state, Wanted(anything, texts=(("%",),))) == [2]
    assert await indices(state, Wanted(anything, texts=(("/",),))) == [2, 1, 0], "of the log's URL"
    assert await indices(state, Wanted(anything, texts=(("/%",),))) == []
    assert await indices(state, Wanted(anything, texts=(("b_", "%."), ("programme",)))) == [2, 1]
    assert await indices(state, Wanted(anything, texts=(("b_",), ("%.",)))) == []
