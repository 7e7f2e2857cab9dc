"""A state goes from SQLite to PostgreSQL and back, and is the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from tests.store.conftest import either

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.model import Quarantined
from certhia.store import Freeze, State, backup, transfer
from certhia.store.fsck import check
from certhia.store.lock import Held
from certhia.store.place import Place

if TYPE_CHECKING:
    from tests.store.conftest import Book

UNSAVED = {"meta", "requests"}  # what a backup leaves out of these


async def fill(at: Place, book: Book) -> None:
    async with await State.open(at, clock=Clock(), follow=True) as state:
        writer = state.writer
        writer.log(book.log)
        writer.step(book.anchor(0, 20))
        for index in range(6):
            writer.match(book.match(index), ["a", "b"])
        writer.quarantine(Quarantined(book.log.id, 7, "why \udcff", bytes(32), b"leaf", 1.5))
        writer.step(book.step(10, 20, quarantined=1))
        writer.block(book.block(1, 8, 20))
        writer.delivered("a", [1, 3])
        await writer.durable()
        writer.freeze(Freeze(book.log.id, 10, 1.0, "why"))
        await state.remember("pace", "1")
        await state.request("later", "what")


async def content(at: Place) -> dict[str, list[tuple[object, ...]]]:
    async with await State.open(at, clock=Clock(), follow=False) as state:
        assert await check(state, check_head) == []
        return {
            table.name: [tuple(row.values()) async for row in state.stream(select(table).order_by(*table.primary_key))]
            for table in transfer.tables()
            if table.name not in UNSAVED
        }


@either
async def test_there_and_back(at: Place, tmp_path: Path, book: Book) -> None:
    await fill(at, book)
    before = await content(at)
    made = await backup.backup(at, tmp_path / "copy.db", clock=Clock())
    assert (made.logs, made.matches) == (1, 6)
    file = Place(tmp_path / "file")
    await backup.restore(file, tmp_path / "copy.db", clock=Clock())
    assert await content(file) == before
    with pytest.raises(StateError, match="there is a state here already: --replace"):
        await backup.restore(at, tmp_path / "copy.db", clock=Clock())
    async with await State.open(at, clock=Clock(), follow=True) as state:
        state.writer.match(book.match(9), ["a"])
    await backup.restore(at, tmp_path / "copy.db", clock=Clock(), replace=True)
    assert await content(at) == before
    async with await State.open(at, clock=Clock(), follow=True) as state:
        assert await state.recall("pace") == "1"
        number = await state.request("again", "what")
        assert [one.id for one in await state.requests()] == [number]
        state.writer.match(book.match(11), ["a"])
        await state.writer.durable()
        assert [one.repeat for one in await state.pending("b")] == [True] * 6
        with pytest.raises(Held):
            await backup.restore(at, tmp_path / "copy.db", clock=Clock(), replace=True)
    assert len((await content(at))["matches"]) == 7


@either
async def test_a_value_of_another_kind_changes_nothing(at: Place, tmp_path: Path, book: Book) -> None:
    await fill(at, book)
    await backup.backup(at, tmp_path / "copy.db", clock=Clock())
    with closing(sqlite3.connect(tmp_path / "copy.db")) as hand, hand:
        hand.execute("UPDATE sightings SET verified = 'no' WHERE \"index\" = 1")
    if at.database is None:
        return  # a file is restored as it is, and fsck says what is wrong with it
    before = await content(at)
    with pytest.raises(StateError, match="table sightings holds a value of another kind in verified"):
        await backup.restore(at, tmp_path / "copy.db", clock=Clock(), replace=True)
    assert await content(at) == before
