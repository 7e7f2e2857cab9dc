"""What the ledger knows of a log's tree at one size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.store.conftest import AT, both

from certhia.store import State
from certhia.store.recorded import Recorded, recorded

if TYPE_CHECKING:
    from tests.store.conftest import Book


@both
async def test_heads_of_steps_and_of_blocks_and_edges_of_steps(state: State, book: Book) -> None:
    state.writer.log(book.log)
    steps = [book.anchor(0, 9), book.step(9), book.step(12, 20), book.step(20)]
    for step in steps:
        state.writer.step(step)
    state.writer.block(block := book.block(2, 0, 33))
    await state.writer.durable()
    assert await recorded(state, book.log.id, 9) == [Recorded(book.tree.root(9), steps[0].head, AT)], "each root once"
    (edge,) = await recorded(state, book.log.id, 12)
    assert (edge.root, edge.head.size, edge.step) == (book.tree.root(12), 20, steps[2]), (
        "which the log's hashes lead on"
    )
    assert await recorded(state, book.log.id, 33) == [Recorded(book.tree.root(33), block.head, AT)]
    assert await recorded(state, book.log.id, 10) == []
    assert await recorded(state, bytes(32), 9) == [], "of another log"


@both
async def test_what_was_proven_before_an_acceptance_is_of_another_view(state: State, book: Book) -> None:
    state.writer.log(book.log)
    for step in (book.anchor(0, 9), book.step(9), book.step(12, at=AT + 100)):
        state.writer.step(step)
    await state.writer.durable()
    assert await recorded(state, book.log.id, 9, AT) == []
    assert len(await recorded(state, book.log.id, 12, AT)) == 1
