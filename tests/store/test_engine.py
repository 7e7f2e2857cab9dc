"""What all databases that hold a state have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from tests.store.conftest import either

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.model import Alarm, Quarantined
from certhia.store import State
from certhia.store.bounds import Digest
from certhia.store.engine import guarded
from certhia.store.fsck import check
from certhia.store.place import Place, is_there
from certhia.store.retention import Kept
from certhia.store.schema import DEAD, DONE, HELD

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


@either
async def test_what_is_held_back_and_what_is_old(at: Place, book: Book) -> None:
    async with await State.open(at, clock=Clock(), follow=True) as state:
        writer, now = state.writer, Clock().now()
        writer.log(book.log)
        writer.step(book.anchor(0, 9))
        for index in range(4):
            writer.match(book.match(index), ["a"])
        writer.quarantine(Quarantined(book.log.id, 7, "why", bytes(32), b"leaf", now - 100))
        writer.digested(Digest(8, "a", until=now - 100), DONE)
        writer.alarm(Alarm("stale x", "late", now - 100), None)
        await writer.durable()
        writer.aside([1], HELD, now - 5, "why")
        writer.aside([2], DEAD, now - 100, "why")
        writer.alarm(Alarm("stale x", "late", now - 100), now - 90)
        await writer.durable()
        assert await state.held_until("a") == now - 5
        held = await state.held("a", now)
        assert held is not None
        assert held[0].id == 1
        assert await state.held("a", now - 6) is None
        gone = await writer.keep(Kept(leaves=50, letters=50, alarms=50))
        assert (gone.leaves, gone.letters, gone.alarms) == (1, 1, 1)
        writer.delivered("a", [1, 3])
        await writer.durable()
        assert (await writer.keep(Kept(most=1))).matches == 3
        assert await check(state, check_head) == []
