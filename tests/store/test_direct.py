"""SQLite without SQLAlchemy between: trips to its thread, and transactions that exclude others."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select

from certhia.store import State, database
from certhia.store.bulk import KEEP_SETTINGS
from certhia.store.direct import asking, writing
from certhia.store.query import Query, Question
from certhia.store.schema import meta

ALL = Query(select(meta.c.value), meta.c.name)


async def test_what_is_said_at_once_is_one_trip(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state._writers is not None
    trips = list[str]()
    async with writing(state._writers) as line:
        execute = line._driver._execute

        async def counted(what: object, *given: object) -> object:
            trips.append(getattr(what, "__name__", ""))
            return await execute(what, *given)  # type: ignore[no-untyped-call]

        monkeypatch.setattr(line._driver, "_execute", counted)
        line.write(KEEP_SETTINGS, [{"name": "x", "value": "1"}])
        line.write(KEEP_SETTINGS, [{"name": "y", "value": "2"}])
        assert await line.ask(Question(ALL, ["x", "y"]), Question(ALL, ["z"])) == [[("1",), ("2",)], []]
    assert trips == ["_say", "_say"]
    async with asking(state.engine) as line:
        assert await line.ask(Question(ALL, ["y"])) == [[("2",)]]


async def test_another_writer_is_kept_out_and_kept_out_by(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state._writers is not None
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.0)
    with closing(sqlite3.connect(state.file, isolation_level=None, timeout=0)) as hand:
        async with writing(state._writers) as line:
            await line.ask()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                hand.execute("BEGIN IMMEDIATE")
        hand.execute("BEGIN IMMEDIATE")
        hand.execute("ROLLBACK")


async def test_a_database_that_only_reads_takes_nothing(state: State) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        async with writing(state.engine) as line:
            line.write(KEEP_SETTINGS, [{"name": "x", "value": "1"}])
    assert await state.recall("x") is None
