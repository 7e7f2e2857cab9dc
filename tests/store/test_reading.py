"""What can be asked of a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certhia.store import State

if TYPE_CHECKING:
    from tests.store.conftest import Book


async def test_matches_are_given_newest_first(state: State, book: Book) -> None:
    state.writer.log(book.log)
    for index in range(5):
        state.writer.match(book.match(index), ["a"])
    await state.writer.durable()
    newest = await state.matches(limit=2)
    assert [stored.match.sighting.index for stored in newest] == [4, 3]
    older = await state.matches(before=newest[-1].id)
    assert [stored.match.sighting.index for stored in older] == [2, 1, 0]
    seen = book.match(2).seen
    assert [one.match.sighting.index for one in await state.matches(since=seen, until=seen + 2)] == [3, 2]
    assert newest[0].match == book.match(4)
    assert await state.queues() == {"a": 5}
