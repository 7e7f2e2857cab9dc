"""fsck finds nothing in what was written, and something in whatever was changed by hand."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.model import Protocol, Quarantined
from certhia.store import Freeze, State, codec, schema
from certhia.store.backfills import Backfill
from certhia.store.fsck import check

if TYPE_CHECKING:
    from tests.store.conftest import Book

# Columns whose every value is as good as another: what is left of a delivery's attempts, and its size, are for
# display, and other processes write requests.
FREE = {("deliveries", column) for column in ("attempts", "next_at", "size", "error")}
TABLES = ("logs", "steps", "quarantine", "freezes", "blocks", "matches", "sightings", "deliveries", "tallies")


async def fill(path: Path, make_book: Callable[..., Book]) -> None:
    """Two logs, one of each kind, with all that there can be."""
    async with await State.open(path, clock=Clock(), follow=True) as state:
        writer = state.writer
        for book in (make_book("alpha"), make_book("beta", Protocol.STATIC)):
            writer.log(book.log)
            writer.step(book.anchor(0, 2))
            for end, size in ((3, 9), (7, 9), (9, 9), (200, 201)):
                held = [index for index in (2, 8, 150, 199) if book.end <= index < end]
                for index in held:
                    writer.quarantine(Quarantined(book.log.id, index, "why", bytes(32), b"leaf", 1.0))
                writer.step(book.step(end, size, quarantined=len(held), at=1_795_000_000.0 + 600 * end))
            writer.step(book.step(300, 1000, note="skipped as asked"))
            writer.step(book.step(310, 1000))
            writer.quarantine(Quarantined(book.log.id, 210, "why", bytes(32), b"leaf", 1.0))
            writer.match(book.match(209), ["one"])
            writer.backfill(Backfill(book.log.id, 0, "2026-01-01", True, 5.0, 208, 310))
            writer.block(book.block(3, 26, 1000, quarantined=1))
            writer.block(book.block(2, 54, 1000))
            writer.block(book.block(4, 14, 1000))
            await writer.durable()
            writer.block(book.block(2, 55, 1000))
            for reason in ("two heads of one size", "another root"):
                writer.freeze(Freeze(book.log.id, 310, 1_795_000_000.0, reason, "/evidence/file.json"))
                if reason == "two heads of one size":
                    assert await state.accept(book.log.id) is not None
            for index in (1, 5, 205, 305, 315):
                writer.match(book.match(index), ["one", "two"])
            writer.sighting(book.match(5).key, book.sighting(316))
            writer.quarantine(Quarantined(book.log.id, 317, "why", bytes(32), b"leaf", 1.0))
        await writer.durable()
        writer.delivered("one", [delivery.id for delivery in await state.pending("one")][:3])
        await writer.durable()
        for book in (make_book("alpha"), make_book("beta", Protocol.STATIC)):
            writer.resolve(book.log.id, [8, 317])
        await writer.durable()
        await writer.compact(before=1_795_000_000.0 + 600 * 10)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, make_book: Callable[..., Book]) -> Path:
    """A filled state, to be copied."""
    path = tmp_path_factory.mktemp("template")
    asyncio.run(fill(path, make_book))
    return path


@pytest.fixture
async def filled(tmp_path: Path, template: Path) -> AsyncIterator[State]:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    async with await State.open(tmp_path, clock=Clock(), follow=False) as state:
        yield state


def by_hand(state: State) -> sqlite3.Connection:
    """The file, as somebody opens it who knows SQLite and nothing of Certhia."""
    connection = sqlite3.connect(state.file, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def other_values(value: Any) -> Iterator[Any]:
    """Values in the place of one."""
    if value is None:
        yield 1
    elif isinstance(value, bytes):
        yield value[:-1] + bytes([value[-1] ^ 1]) if value else b"x"
        yield "text"
    elif isinstance(value, str):
        yield value + "x"
    else:
        yield value + 1
        yield -1 - value
        yield "text"


async def test_what_was_written_is_clean(filled: State) -> None:
    assert await check(filled, check_head) == []
    spans = [(block.start, block.end, block.merged, block.quarantined) for block in await filled.blocks()]
    assert spans == [(208, 224, 3, 1), (224, 240, 1, 0)] * 2, "siblings are one block"
    assert [row.merged async for row in filled.steps()] == [1, 1, 2, 1, 1, 1, 1] * 2


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
async def test_each_changed_value_is_found(filled: State, table: str) -> None:
    missed = []
    with closing(by_hand(filled)) as hand:
        rows = hand.execute(f"SELECT rowid AS _row, * FROM {table}").fetchall()
        for row in {rows[len(rows) // 2], rows[-1]}:
            for column in row.keys()[1:]:
                for value in other_values(row[column]):
                    if (table, column) in FREE or value == row[column]:
                        continue
                    if (table, column) == ("tallies", "last") and isinstance(value, int) and value > row[column]:
                        continue  # ids may be left out
                    try:
                        hand.execute(f'UPDATE {table} SET "{column}"=? WHERE rowid=?', (value, row["_row"]))
                    except sqlite3.IntegrityError:
                        continue  # SQLite itself would not have it
                    (now,) = hand.execute(f'SELECT count(*) FROM {table} WHERE "{column}" IS ?', (value,)).fetchone()
                    if now and not await check(filled, check_head):
                        missed.append((column, row[column], value))
                    where = value if column in ("id", "seq") else None
                    rowid = (
                        row["_row"] if not (table in ("logs", "matches", "deliveries") and column == "id") else where
                    )
                    hand.execute(f'UPDATE {table} SET "{column}"=? WHERE rowid=?', (row[column], rowid))
    assert missed == []
    assert await check(filled, check_head) == []


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
async def test_each_deleted_row_is_found(filled: State, table: str) -> None:
    missed = []
    with closing(by_hand(filled)) as hand:
        for row in hand.execute(f"SELECT rowid AS _row, * FROM {table}").fetchall():
            hand.execute(f"DELETE FROM {table} WHERE rowid=?", (row["_row"],))
            if not await check(filled):
                missed.append(tuple(row))
            names = ",".join(f'"{name}"' for name in row.keys()[1:])
            marks = ",".join("?" * (len(row) - 1))
            hand.execute(f"INSERT INTO {table} (rowid,{names}) VALUES (?,{marks})", tuple(row))
    assert missed == []
    assert await check(filled) == []


@pytest.mark.parametrize("table", TABLES)
async def test_an_emptied_table_is_found(filled: State, table: str) -> None:
    with closing(by_hand(filled)) as hand:
        hand.execute(f"DELETE FROM {table}")
    faults = await check(filled)
    assert faults
    assert all(str(fault) for fault in faults)


async def test_a_match_taken_away_with_all_that_belongs_to_it_is_found(filled: State) -> None:
    with closing(by_hand(filled)) as hand:
        for table, column in (("deliveries", "match"), ("sightings", "match"), ("matches", "id")):
            hand.execute(f"DELETE FROM {table} WHERE {column}=1")
    assert {fault.table for fault in await check(filled)} >= {"matches", "sightings", "deliveries"}


async def test_a_log_taken_away_with_all_that_belongs_to_it_is_found(filled: State) -> None:
    with closing(by_hand(filled)) as hand:
        hand.execute("DELETE FROM steps WHERE log=1")
        hand.execute("DELETE FROM quarantine WHERE log=1")
        hand.execute("DELETE FROM logs WHERE id=1")
    assert "logs" in {fault.table for fault in await check(filled)}


async def test_the_end_of_a_ledger_cut_off_is_found(filled: State) -> None:
    with closing(by_hand(filled)) as hand:
        hand.execute("DELETE FROM steps WHERE log=2 AND seq>=5")
    whats = [fault.what for fault in await check(filled) if fault.table == "logs"]
    assert any("rows are missing" in what for what in whats)


async def test_a_file_that_is_damaged_is_said_so(filled: State) -> None:
    with filled.file.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 4)
    with pytest.raises(StateError, match=r"state\.db: .*malformed.*restore it"):
        await check(filled)


async def test_beside_a_follower_it_sees_one_moment(tmp_path: Path, make_book: Callable[..., Book]) -> None:
    book = make_book("alpha")
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 1))
        async with await State.open(tmp_path, clock=Clock(), follow=False) as beside:
            for end in range(1, 30):
                state.writer.step(book.step(end))
                state.writer.match(book.match(end), ["a"])
                await state.writer.durable()
                assert await check(beside) == []


async def test_a_frozen_log_that_moved_all_the_same_is_found(filled: State) -> None:
    with closing(by_hand(filled)) as hand:
        hand.execute("UPDATE freezes SET accepted=NULL WHERE number=0")
        hand.execute("UPDATE steps SET note='skipped' WHERE note LIKE 'accepted%' AND log=2")
    whats = {fault.what for fault in await check(filled) if fault.table == "freezes"}
    assert "0 rows are marked as accepted; 2 were written" in whats
    with closing(by_hand(filled)) as hand:
        hand.execute("UPDATE freezes SET accepted=5.0 WHERE number=0")
        hand.execute("UPDATE freezes SET position=300 WHERE number=1 AND log=1")
    whats = {fault.what for fault in await check(filled) if fault.table == "freezes"}
    assert "was accepted; no step at 310 says so" in whats
    assert "is frozen at 300; the verified position is 310" in whats


@pytest.mark.parametrize(
    "column, value, found",
    [
        ("root", bytes(32), "is not proven to belong"),
        ("path", b"", "is not proven to belong"),
        ("path", b"short", "is not proven to belong"),
        ("level", 3, "is not proven to belong"),
        ("level", 99, "can't begin at 208"),
        ("start", 209, "can't begin at 209"),
        ("head_size", 239, "is not proven to belong"),
        ("quarantined", 0, "has 0 entries in quarantine; 1 are there"),
        ("head_raw", b"{}", "its signed head does not hold"),
    ],
)
async def test_a_block_that_was_not_proven_is_found(filled: State, column: str, value: object, found: str) -> None:
    """Also where its checksum was made to fit."""
    with closing(by_hand(filled)) as hand:
        row = dict(hand.execute("SELECT * FROM blocks WHERE log=1 AND start=208").fetchone()) | {column: value}
        mark = codec.mark("blocks", codec.BLOCK_COLUMNS, row)
        hand.execute(f"UPDATE blocks SET {column}=?, mark=? WHERE log=1 AND start=208", (value, mark))
    assert any(found in fault.what for fault in await check(filled, check_head) if fault.table == "blocks")


def test_every_table_is_either_checked_or_free() -> None:
    # What is to be done, what servers showed, and what was told of proves nothing.
    free = {"meta", "requests", "backfills", "probes", "digests", "alarms", "events", "revocations", "submitted"}
    assert set(schema.metadata.tables) == {*TABLES, *free}
