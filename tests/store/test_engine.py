"""What all databases that hold a state have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from tests.store.conftest import either

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.store import State
from certhia.store.engine import guarded
from certhia.store.fsck import check
from certhia.store.place import Place, is_there

if TYPE_CHECKING:
    from tests.store.conftest import Book


@either
async def test_it_is_there_once_somebody_followed(at: Place) -> None:
    assert not await is_there(at)
    with pytest.raises(StateError, match="there is no state here"):
        await State.open(at, clock=Clock(), follow=False)
    await (await State.open(at, clock=Clock(), follow=True)).close()
    assert await is_there(at)
    async with await State.open(at, clock=Clock(), follow=False) as state:
        assert await check(state, check_head) == []


@either
async def test_what_it_says_of_a_fault(at: Place) -> None:
    async with await State.open(at, clock=Clock(), follow=True) as state:
        with pytest.raises(StateError, match="nonsense") as caught:
            async with guarded(state.where), state.engine.connect() as connection:
                await connection.execute(text("SELECT nonsense FROM logs"))
        assert str(caught.value).startswith(f"{state.where.label}: ")


@either
async def test_rows_that_were_changed_by_hand_are_found(at: Place, book: Book) -> None:
    async with await State.open(at, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 8))
        state.writer.step(book.step(8))
        for index in range(3):
            state.writer.match(book.match(index), ["a"])
        await state.writer.durable()
        assert await check(state, check_head) == []
        assert state._writers is not None
        async with state._writers.begin() as connection:
            await connection.execute(text("UPDATE matches SET seen = 1 WHERE id = 1"))
            await connection.execute(text("UPDATE sightings SET verified = NOT verified WHERE match = 2"))
            await connection.execute(text("DELETE FROM deliveries WHERE id = 3"))
            await connection.execute(text("UPDATE steps SET quarantined = 1 WHERE seq = 1"))
        faults = {(fault.table, fault.row) for fault in await check(state, check_head)}
        assert {table for table, _ in faults} == {"matches", "sightings", "deliveries", "steps"}
        assert ("matches", "id 1") in faults
