"""Every question of the hot path takes its values from those who ask, in either database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import sqlite
from tests.store.conftest import both

from certhia.store import State, lookups
from certhia.store.query import WANTED, Query, Question

if TYPE_CHECKING:
    from tests.store.conftest import Book

NAMES = {"log": 1, "log_id": b"", "b_log": 1, "b_start": 0, "b_end": 99, "after": 0, "last": 1, "sink": "a", "most": 1}
QUERIES = [one for one in vars(lookups).values() if isinstance(one, Query)] + [*lookups.KIN]


def test_nothing_is_asked_for_that_nobody_brings() -> None:
    for query in QUERIES:
        text, order = query.text(sqlite.dialect(paramstyle="qmark"))
        assert text.count("?") == len(order)
        assert set(order) <= {*NAMES, *query.constants, WANTED}


@both
async def test_what_is_stored_is_found(state: State, book: Book) -> None:
    state.writer.log(book.log)
    match = book.match(3)
    state.writer.match(match, ["a"])
    await state.writer.durable()
    spki, naming = lookups.KIN
    async with state.where.asking(state.engine) as line:
        by_key, by_index, waits, delivery, whose, other = await line.ask(
            Question(lookups.BY_KEY, [match.key, b"none"]),
            Question(lookups.BY_INDEX, [2, 3], {"log": 1}),
            Question(lookups.STILL_WAITS, values={"log": 1}),
            Question(lookups.HOW_THEY_ARE, [1, 2]),
            Question(spki, [match.spki_sha256[:16]]),
            Question(naming, [b"none"]),
        )
    assert by_key == [(match.key, 1)]
    assert [row[:4] for row in by_index] == [(1, 3, 1, False)]
    assert waits == [(3,)]
    assert [row[:3] for row in delivery] == [(1, 0, "a")]
    assert [tuple(map(bytes, row)) for row in whose] == [(match.spki_sha256[:16], match.tbs_sha256, match.tbs_sha256)]
    assert other == []
