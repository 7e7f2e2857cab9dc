"""Two instances on one database never follow the same log: what the second may do, and the first no more."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.store.conftest import either

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.store import State, leases
from certhia.store.fsck import check
from certhia.store.lock import Held
from certhia.store.place import Place

if TYPE_CHECKING:
    from tests.store.conftest import Book

postgresql = pytest.mark.parametrize("at", ["postgresql"], indirect=True)


def elsewhere(at: Place, tmp_path: Path) -> Place:
    """The same database, from another machine."""
    return Place(tmp_path / "elsewhere", at.database)


async def opened(at: Place) -> State:
    return await State.open(at, clock=Clock(), follow=True)


async def rows(at: Place, query: str) -> list[tuple[object, ...]]:
    assert at.database is not None
    hand = await asyncpg.connect(at.database.dsn)
    found = [tuple(row) for row in await hand.fetch(query)]
    await hand.close()
    return found


async def expire(at: Place) -> None:
    """As if the holder had been silent for long."""
    await rows(at, "UPDATE certhia_state.leases SET until = 0")


@postgresql
async def test_a_second_instance_is_refused_while_the_first_is_there(
    at: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWED", 0.05)
    monkeypatch.setattr("certhia.store.writer.RENEWED", 0.05)
    monkeypatch.setattr(leases, "LOOKS", 0.1)
    async with await opened(at) as first:
        running = asyncio.ensure_future(first.writer.run())
        with pytest.raises(Held, match=r"process \d+ on \S+ already follows logs with this state: stop it, or use"):
            await opened(elsewhere(at, tmp_path))
        with pytest.raises(Held, match="already follows logs"):
            await opened(at)  # on the same machine the directory's lock says so
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with await opened(elsewhere(at, tmp_path)) as second:  # at once, as the first ended in order
        assert await rows(at, "SELECT fence FROM certhia_state.leases") == [(2,)]
        assert second.writer.sound


@postgresql
async def test_whoever_was_silent_for_too_long_moves_nothing_any_more(at: Place, tmp_path: Path, book: Book) -> None:
    first = await opened(at)
    first.writer.log(book.log)
    first.writer.step(book.anchor(0, 8))
    await first.writer.durable()
    assert await rows(at, "SELECT log, fence FROM certhia_state.leases ORDER BY log") == [(0, 1), (1, 1)]
    await expire(at)
    async with await opened(elsewhere(at, tmp_path)) as second:
        assert await rows(at, "SELECT log, fence FROM certhia_state.leases ORDER BY log") == [(0, 2), (1, 2)]
        book.end = 0
        first.writer.step(book.step(4, 8))
        first.writer.match(book.match(1), ["a"])
        with pytest.raises(StateError, match="another instance follows logs with this state since this one"):
            await first.writer.durable()
        book.end = 0
        second.writer.step(book.step(8))
        await second.writer.durable()
        assert not first.writer.sound
        with pytest.raises(StateError, match="another instance"):
            first.writer.match(book.match(2), ["a"])
        await first.close()
        second.writer.match(book.match(3), ["a"])
        await second.writer.durable()
        assert (await second.positions())[book.log.id].end == 8
        assert [one.match.sighting.index for one in await second.matches()] == [3]
        assert await check(second, check_head) == []
        assert await rows(at, "SELECT fence, until > 0 FROM certhia_state.leases") == [(2, True)] * 2, (
            "and lets nobody in"
        )


@postgresql
async def test_a_log_whose_lease_another_has_does_not_move(at: Place, book: Book) -> None:
    """The fence of the log itself is compared, too, in the transaction that moves its position."""
    async with await opened(at) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 8))
        await state.writer.durable()
        await rows(at, "UPDATE certhia_state.leases SET fence = 7, holder = 'another' WHERE log = 1")
        state.writer.remember("pace", "1")
        await state.writer.durable()
        state.writer.step(book.step(8))
        with pytest.raises(StateError, match="another instance"):
            await state.writer.durable()
        assert (await state.positions())[book.log.id].end == 0


@postgresql
async def test_one_that_was_killed_is_followed_by_another(
    at: Place, tmp_path: Path, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LASTS", 0.5)
    monkeypatch.setattr(leases, "LOOKS", 0.1)
    first = await opened(at)
    first.writer.log(book.log)
    first.writer.match(book.match(1), ["a"])
    await first.writer.durable()
    assert first._lock is not None
    first._lock.release()  # as the kernel does
    async with await opened(at) as again:  # the same machine and directory: nobody else can be meant
        assert [one.repeat for one in await again.pending("a")] == [True]
    second = await opened(elsewhere(at, tmp_path))
    assert await rows(at, "SELECT DISTINCT fence FROM certhia_state.leases") == [(3,)]
    assert second._lock is not None
    second._lock.release()
    async with await opened(Place(tmp_path / "third", at.database)) as third:  # once the second's leases ran out
        assert third.writer.sound
        assert await rows(at, "SELECT DISTINCT fence FROM certhia_state.leases") == [(4,)]
    for lost in (first, second):
        lost._writer = None
        await lost.close()


@postgresql
async def test_one_that_stands_still_inside_a_transaction_keeps_nobody_out(
    at: Place, tmp_path: Path, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that sleeps, or that the server can't reach: it has the lock of all writers."""
    monkeypatch.setattr("certhia.store.postgres.STANDS_STILL", 0.5)
    monkeypatch.setattr(leases, "LASTS", 0.5)
    monkeypatch.setattr(leases, "LOOKS", 0.1)
    first = await opened(at)
    asleep, over = asyncio.Event(), asyncio.Event()

    async def sleeps(connection: AsyncConnection, _: object) -> None:
        asleep.set()
        await over.wait()
        await connection.exec_driver_sql("UPDATE meta SET value = 'x'")

    sleeping = asyncio.ensure_future(first.writer.transaction(sleeps))
    await asleep.wait()
    async with asyncio.timeout(8), await opened(elsewhere(at, tmp_path)) as second:
        second.writer.log(book.log)
        await second.writer.durable()
        over.set()
        with pytest.raises(StateError):
            await sleeping
        assert not first.writer.sound
        assert await second.recall("needs") != "x"
    await first.close()


@either
async def test_who_follows_is_known_on_other_machines_too(at: Place, tmp_path: Path) -> None:
    async with await opened(at) as state:
        assert await state.follower() == os.getpid()
        async with await State.open(at, clock=Clock(), follow=False) as beside:
            assert await beside.follower() == os.getpid()
        if at.database is not None:
            async with await State.open(elsewhere(at, tmp_path), clock=Clock(), follow=False) as beside:
                assert await beside.follower() == 0
    async with await State.open(at, clock=Clock(), follow=False) as beside:
        assert await beside.follower() is None


@either
async def test_a_file_needs_none(at: Place) -> None:
    async with await opened(at) as state:
        assert (state._lease is None) is (at.database is None)
