"""Staging and committing: what moves together, what may follow on what, and what a failure does."""

from __future__ import annotations

import asyncio
import itertools
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import both, either

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.store import State, Writer, upkeep
from certhia.store.fsck import check
from certhia.store.place import Place
from certhia.store.writer import MOST_STAGED
from certhia.testing import SimClock, in_simulated_time

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection
    from tests.store.conftest import Book

    from certhia.store.batch import Tally


async def follow(path: Path) -> State:
    return await State.open(path, clock=Clock(), follow=True)


async def until_committed(writer: Writer, clock: Clock) -> float:
    """Seconds until nothing is staged any more."""
    began = clock.monotonic()
    while writer.staged:
        await clock.sleep(0.01)
    return clock.monotonic() - began


@both
async def test_settings(state: State) -> None:
    assert await state.recall("pace") is None
    await state.remember("pace", "1")
    await state.remember("pace", "2 \udcff")
    await state.writer.durable()
    assert await state.recall("pace") == r"2 \udcff"
    await state.remember("pace", None)
    await state.writer.durable()
    assert await state.recall("pace") is None


@in_simulated_time
async def test_steps_are_committed_after_a_quarter_second_and_matches_at_once(
    certhia_clock: SimClock, tmp_path: Path, book: Book
) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        writer = state.writer
        task = asyncio.ensure_future(writer.run())
        writer.log(book.log)
        writer.step(book.anchor(0, 9))
        assert 0.25 <= await until_committed(writer, certhia_clock) < 0.3
        writer.step(book.step(9))
        writer.match(book.match(1), ["a"])
        assert await until_committed(writer, certhia_clock) < 0.1
        await certhia_clock.sleep(3600)  # nothing staged: nothing to do
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_cancelling_loses_nothing_that_was_staged(tmp_path: Path, book: Book) -> None:
    async with await follow(tmp_path) as state:
        started = asyncio.Event()

        async def start() -> None:
            started.set()

        state.writer.before = start
        task = asyncio.ensure_future(state.writer.run())
        state.writer.log(book.log)
        state.writer.match(book.match(1), ["a"])
        await started.wait()
        state.writer.match(book.match(2), ["a"])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        state.writer.match(book.match(3), ["a"])
    async with await State.open(tmp_path, clock=Clock(), follow=False) as state:
        assert (await state.totals())["deliveries"] == 3


@both
async def test_who_stages_faster_than_the_disk_takes_it_waits(state: State, book: Book) -> None:
    state.writer.log(book.log)
    await state.writer.durable()
    for number in range(MOST_STAGED):
        state.writer.remember("name", str(number))
    await state.writer.room()
    assert state.writer.staged == MOST_STAGED, "so many may wait"
    state.writer.remember("name", "last")
    await state.writer.room()
    assert state.writer.staged == 0
    assert await state.recall("name") == "last"


@in_simulated_time
async def test_who_waits_while_a_commit_is_under_way_leaves_the_writer_at_rest(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    """Else it would look again and again for what is there no more, until something else is staged."""
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        writer = state.writer
        running = asyncio.create_task(writer.run())
        for number in range(20):
            writer.remember("setting", str(number))
            await asyncio.gather(writer.durable(), writer.durable())
        await certhia_clock.sleep(1)
        assert not writer._anything.is_set()
        await certhia_clock.sleep(3600)
        running.cancel()
        await asyncio.wait([running])


@both
async def test_requests_come_from_beside(state: State) -> None:
    async with await State.open(state.place, clock=Clock(), follow=False) as beside:
        number = await beside.request("accept", '{"log": "alpha \udcff"}')
        with pytest.raises(StateError, match="read only"):
            _ = beside.writer
        (request,) = await state.requests()
        assert (request.id, request.kind, request.payload) == (number, "accept", '{"log": "alpha \\udcff"}')
        assert await beside.answer(number) is None
        state.writer.answer(number, "done")
        await state.writer.durable()
        assert await beside.answer(number) == "done"
        assert await state.requests() == []


@pytest.mark.slow
@either
async def test_killed_at_any_moment_nothing_is_lost(at: Place, tmp_path: Path, root: Path) -> None:
    at = Place(tmp_path, at.database)
    url = () if at.database is None else (at.database.dsn,)
    kills = "20" if at.database is None else "5"  # a connection takes its time
    command = [sys.executable, "-m", "tests.store.killed", str(tmp_path), kills, "1", *url]
    done = await asyncio.to_thread(subprocess.run, command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    acknowledged = max(map(int, done.stdout.split()), default=0)
    sink: list[tuple[int, int, int]] = []
    async with await State.open(at, clock=Clock(), follow=True) as state:
        assert await check(state, check_head) == []
        (position,) = (await state.positions()).values()
        assert position.end >= acknowledged > 0
        stored = [one.match.sighting.index for one in await state.matches(limit=1_000_000)]
        assert stored == sorted(set(stored), reverse=True)
        assert set(stored) >= set(range(0, position.end, 2))
        sink += [(one.match.sighting.index, one.id, one.repeat) for one in await state.pending("file", limit=1_000_000)]
    told = [tuple(map(int, line.split())) for line in (tmp_path / "told").read_text().splitlines()]
    ids: dict[int, int] = {}
    seen: set[int] = set()
    for index, number, repeat in [*told, *sink]:
        assert ids.setdefault(number, index) == index, "one id, one match"
        assert repeat or number not in seen, "told twice without saying so"
        seen.add(number)
    assert set(ids.values()) >= set(range(0, position.end, 2))


async def match_for_ever(state: State, book: Book, committed: list[int]) -> None:
    for index in itertools.count():
        state.writer.match(book.match(index), ["a"])
        await state.writer.durable()
        committed.append(index)


@pytest.mark.parametrize("limited", ["pages", "file size"])
async def test_a_full_disk_ends_everything(tmp_path: Path, book: Book, limited: str) -> None:
    committed: list[int] = []
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with await follow(tmp_path) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 1000))
        await state.writer.durable()
        assert state._writers is not None
        if limited == "pages":
            async with state._writers.connect() as connection:
                await connection.exec_driver_sql("PRAGMA max_page_count=130")
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, before[1]))
        task = asyncio.ensure_future(state.writer.run())
        try:
            with pytest.raises(StateError, match=r"state\.db: .*(disk is full: make room|disk I/O error: the disk)"):
                await match_for_ever(state, book, committed)
            with pytest.raises(StateError, match=r"state\.db"):
                await task
            with pytest.raises(StateError, match=r"state\.db"):
                state.writer.match(book.match(1), [])
            with pytest.raises(StateError, match=r"state\.db"):
                await state.writer.durable()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(committed) > 10
    async with await follow(tmp_path) as state:
        assert (await state.positions())[book.log.id].end == 0
        stored = [one.match.sighting.index for one in await state.matches(limit=100_000)]
        assert stored == committed[::-1]
        assert await check(state, check_head) == []
        state.writer.match(book.match(99_999), ["a"])
        await state.writer.durable()


async def test_what_is_tried_again_counts_once(state: State, book: Book) -> None:
    """A transaction that another one was in the way of is done again from the beginning."""
    writer, tries = state.writer, 0
    writer.log(book.log)
    for index in range(5):
        writer.match(book.match(index), [])
    await writer.durable()

    async def prune(connection: AsyncConnection, counts: dict[str, Tally]) -> int:
        nonlocal tries
        tries, gone = tries + 1, await upkeep.prune(connection, counts, max_matches=3)
        if tries == 1:
            refused = sqlite3.OperationalError("database is locked")
            refused.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise refused
        return gone

    assert await writer.transaction(prune) == 2
    writer.match(book.match(7), [])
    await writer.durable()
    assert await check(state) == []
