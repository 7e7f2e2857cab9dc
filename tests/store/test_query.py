"""Questions, and what goes to the driver of them."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import sqlite

from certhia.store.query import CHUNK, Query, Question, chunks
from certhia.store.schema import matches, sightings

DIALECT = sqlite.dialect(paramstyle="qmark")
BY_INDEX = Query(select(sightings.c.match).where(sightings.c.log == bindparam("log")), sightings.c.index)
NEWEST = Query(select(matches.c.id).where(matches.c.seen >= bindparam("since")))


def test_pieces_of_a_list() -> None:
    assert [len(some) for some in chunks(range(CHUNK + 1))] == [CHUNK, 1]
    assert list(chunks([])) == []


def test_one_value_is_asked_for_at_a_time_and_compiled_once() -> None:
    text, order = BY_INDEX.text(DIALECT)
    assert text.endswith('sightings.log = ? AND sightings."index" = ?')
    assert BY_INDEX.text(DIALECT)[0] is text
    assert Question(BY_INDEX, [3, 4], {"log": 7}).rows(order) == [(7, 3), (7, 4)]
    assert Question(BY_INDEX, [], {"log": 7}).rows(order) == []


def test_a_query_by_no_column_is_asked_once() -> None:
    _, order = NEWEST.text(DIALECT)
    assert Question(NEWEST, values={"since": 1.5}).rows(order) == [(1.5,)]


def test_a_query_by_one_column_alone_takes_the_values_as_they_are() -> None:
    by_key = Query(select(matches.c.id), matches.c.key)
    assert Question(by_key, [b"a", b"b"]).rows(by_key.text(DIALECT)[1]) == [(b"a",), (b"b",)]
