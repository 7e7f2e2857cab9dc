"""The schema is made by migrations, in one transaction or not at all."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from certhia.clock import Clock
from certhia.logs.heads import check_head
from certhia.model import Match, Quarantined
from certhia.store import Freeze, State, database, schema
from certhia.store.fsck import check
from certhia.store.migrations import config, migrate
from certhia.store.migrations.versions import v0005_probes

if TYPE_CHECKING:
    from tests.store.conftest import Book

FIFTH = "SELECT payload FROM matches WHERE id=5"
FIFTH_KIN = "SELECT spki, naming FROM matches WHERE id=5"

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from certhia.clock import Clock
from certhia.store import State, fresh
if sys.argv[3] == "migrations":
    from certhia.store.migrations import migrate
    fresh.make = migrate
left = int(sys.argv[2])
@event.listens_for(Engine, "after_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(State.open(Path(sys.argv[1]), clock=Clock(), follow=True))
os._exit(0)
"""


def shape(hand: sqlite3.Connection) -> list[tuple[str, str]]:
    """All tables and indexes; a column that was added stands in a line with the one before."""
    rows = hand.execute("SELECT name, sql FROM sqlite_master ORDER BY name")
    return [(name, " ".join((sql or "").split())) for name, sql in rows]


async def test_migrations_make_what_the_schema_describes(state: State) -> None:
    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))

    async with state.engine.connect() as connection:
        assert await connection.run_sync(difference) == []
        partial = await connection.scalars(text("SELECT sql FROM sqlite_master WHERE sql LIKE '%WHERE%' ORDER BY name"))
        assert [sql.split("WHERE ")[1] for sql in partial] == ["state > 1", "state = 0", "verified = 0", "note != ''"]


async def test_a_new_state_is_what_the_migrations_make(state: State, tmp_path: Path) -> None:
    file = tmp_path / "migrated.db"
    with create_engine(f"sqlite:///{file}").connect() as connection:
        migrate(connection)
        connection.commit()
        connection.engine.dispose()
    counted = ("SELECT * FROM tallies ORDER BY name", "SELECT * FROM meta", "SELECT * FROM alembic_version")
    with closing(sqlite3.connect(file)) as migrated, closing(sqlite3.connect(state.file)) as made:
        assert shape(made) == shape(migrated)
        for table in counted:
            assert made.execute(table).fetchall() == migrated.execute(table).fetchall()


def test_the_schema_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [schema.SCHEMA]
    assert v0005_probes.NEEDS == schema.NEEDS


async def test_a_state_of_the_first_schema_keeps_its_rows(tmp_path: Path, book: Book) -> None:
    precious = tmp_path / "precious"
    async with await State.open(precious, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 3))
        state.writer.quarantine(Quarantined(book.log.id, 1, "why", bytes(32), b"leaf", 1.0))
        state.writer.step(book.step(3, quarantined=1))
        for index in range(5):
            state.writer.match(book.match(index), ["a"])
        await state.writer.durable()
        kept = [stored async for stored in _told(state)]
    old = tmp_path / "old"
    old.mkdir()
    database.create(old / "state.db")
    with create_engine(f"sqlite:///{old / 'state.db'}").connect() as connection:
        command.upgrade(config(connection), "0001")
        connection.commit()
        connection.engine.dispose()
    with closing(sqlite3.connect(old / "state.db", isolation_level=None)) as hand:
        hand.execute("ATTACH ? AS precious", (str(precious / "state.db"),))
        for table in ("meta", "tallies", "logs", "steps", "quarantine", "matches", "sightings", "deliveries"):
            columns = ",".join(f'"{row[1]}"' for row in hand.execute(f"PRAGMA main.table_info({table})"))
            hand.execute(f"DELETE FROM main.{table}")
            hand.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM precious.{table}")
        hand.execute("DELETE FROM main.tallies WHERE name IN ('resolved', 'freezes', 'accepted', 'blocks')")
        hand.execute("UPDATE main.matches SET payload='{}' WHERE id=5")  # by hand: that is for fsck to tell
    async with await State.open(old, clock=Clock(), follow=True) as state:
        assert [fault.row for fault in await check(state, check_head)] == ["id 5"]
        with closing(sqlite3.connect(state.file)) as new, closing(sqlite3.connect(precious / "state.db")) as fresh:
            digests = "SELECT spki, naming FROM matches WHERE id<5 ORDER BY id"
            assert new.execute(digests).fetchall() == fresh.execute(digests).fetchall()
            new.execute("UPDATE matches SET payload=? WHERE id=5", fresh.execute(FIFTH).fetchone())
            new.execute("UPDATE matches SET (spki, naming)=(?, ?) WHERE id=5", fresh.execute(FIFTH_KIN).fetchone())
            new.commit()
        assert await check(state, check_head) == []
        assert [stored async for stored in _told(state)] == kept
        state.writer.resolve(book.log.id, [1])
        await state.writer.durable()
        assert (await state.totals())["resolved"] == 1
        assert await check(state, check_head) == []


async def test_a_state_of_the_second_schema_can_be_frozen(tmp_path: Path, book: Book) -> None:
    database.create(tmp_path / "state.db")
    with create_engine(f"sqlite:///{tmp_path / 'state.db'}").connect() as connection:
        command.upgrade(config(connection), "0002")
        connection.commit()
        connection.engine.dispose()
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 3))
        state.writer.freeze(Freeze(book.log.id, 0, 1.0, "why"))
        await state.writer.durable()
        assert await check(state, check_head) == []
        assert (await state.totals())["freezes"] == 1


async def test_a_state_of_the_third_schema_takes_blocks(tmp_path: Path, book: Book) -> None:
    database.create(tmp_path / "state.db")
    with create_engine(f"sqlite:///{tmp_path / 'state.db'}").connect() as connection:
        command.upgrade(config(connection), "0003")
        connection.commit()
        connection.engine.dispose()
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.block(book.block(2, 1, 11))
        await state.writer.durable()
        assert await check(state, check_head) == []
        assert (await state.totals())["blocks"] == 1


async def _told(state: State) -> AsyncIterator[Match]:
    for delivery in await state.pending("a"):
        yield delivery.match


@pytest.mark.slow
@pytest.mark.parametrize(
    "made_by, kills", [("tables", (3, 6, 11, 15, 500)), ("migrations", (2, 5, 9, 14, 20, 26, 500))]
)
def test_a_schema_killed_half_way_leaves_the_old_one(made_by: str, kills: Sequence[int], tmp_path: Path) -> None:
    survived = 0
    for statements in kills:
        program = [sys.executable, "-c", KILLED, str(tmp_path), str(statements), made_by]
        result = subprocess.run(program, check=False, capture_output=True, text=True)
        with closing(sqlite3.connect(tmp_path / "state.db")) as hand:
            tables = {name for (name,) in hand.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        if result.returncode == 0:
            assert tables >= set(schema.metadata.tables)
            survived += 1
        else:
            assert result.returncode == -signal.SIGKILL, result.stderr
            assert tables == set()
    assert survived == 1
