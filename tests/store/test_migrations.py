"""The schema is made by migrations, in one transaction or not at all."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from certhia.store import State, schema
from certhia.store.migrations import config, migrate
from certhia.store.migrations.versions import v0001_initial

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


async def test_migrations_make_what_the_schema_describes(state: State) -> None:
    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))

    async with state.engine.connect() as connection:
        assert await connection.run_sync(difference) == []
        partial = await connection.scalars(text("SELECT sql FROM sqlite_master WHERE sql LIKE '%WHERE%' ORDER BY name"))
        assert [sql.split("WHERE ")[1] for sql in partial] == ["state = 0", "verified = 0", "note != ''"]


async def test_a_new_state_is_what_the_migrations_make(state: State, tmp_path: Path) -> None:
    file = tmp_path / "migrated.db"
    with create_engine(f"sqlite:///{file}").connect() as connection:
        migrate(connection)
        connection.commit()
        connection.engine.dispose()
    everything = "SELECT name, sql FROM sqlite_master ORDER BY name"
    counted = ("SELECT * FROM tallies ORDER BY name", "SELECT * FROM meta", "SELECT * FROM alembic_version")
    with closing(sqlite3.connect(file)) as migrated, closing(sqlite3.connect(state.file)) as made:
        assert made.execute(everything).fetchall() == migrated.execute(everything).fetchall()
        for table in counted:
            assert made.execute(table).fetchall() == migrated.execute(table).fetchall()


def test_the_schema_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [schema.SCHEMA]
    assert v0001_initial.NEEDS == schema.NEEDS


@pytest.mark.slow
@pytest.mark.parametrize(
    "made_by, kills", [("tables", (3, 6, 11, 15, 500)), ("migrations", (2, 5, 9, 14, 20, 26, 500))]
)
def test_a_schema_killed_half_way_leaves_the_old_one(made_by: str, kills: Sequence[int], tmp_path: Path) -> None:
    survived = 0
    for statements in kills:
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(statements), made_by]
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        with closing(sqlite3.connect(tmp_path / "state.db")) as hand:
            tables = {name for (name,) in hand.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        if result.returncode == 0:
            assert tables >= set(schema.metadata.tables)
            survived += 1
        else:
            assert result.returncode == -signal.SIGKILL, result.stderr
            assert tables == set()
    assert survived == 1
