"""The rows of a state, from a database of PostgreSQL to an SQLite file and back: all tables, as of one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Boolean, Table, create_engine, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from certhia.errors import StateError
from certhia.store import fresh
from certhia.store.engine import guarded
from certhia.store.reading import AT_ONCE, Reader
from certhia.store.schema import metadata, requests


def tables() -> list[Table]:
    """All that a state has, those first that others refer to."""
    return metadata.sorted_tables


def make(file: Path) -> None:
    """A new state's tables in an SQLite file, with nothing in them. Raises sqlite3.Error."""
    engine = create_engine(f"sqlite:///{file}")
    try:
        with engine.begin() as connection:
            fresh.make(connection)
            for table in tables():
                connection.execute(delete(table))
    finally:
        engine.dispose()


def migrated(file: Path) -> None:
    """Brings an SQLite file to our schema."""
    from certhia.store.migrations import migrate  # noqa: PLC0415  (Alembic costs 11 MB)

    engine = create_engine(f"sqlite:///{file}")
    try:
        with engine.begin() as connection:
            migrate(connection)
    finally:
        engine.dispose()


async def save(state: Reader, file: Path) -> None:
    """Copies all rows to an SQLite file that `make` made. Raises StateError, sqlite3.Error."""
    with closing(sqlite3.connect(file, isolation_level=None)) as copy:
        copy.execute("BEGIN IMMEDIATE")
        async with guarded(state.where), state.engine.connect() as connection, state.where.moment(connection):
            for table in tables():
                statement = _insert(table)
                query = select(table).execution_options(yield_per=AT_ONCE)
                async with connection.stream(query) as result:
                    async for rows in result.partitions(AT_ONCE):
                        copy.executemany(statement, [tuple(row) for row in rows])
        copy.execute("COMMIT")


async def load(connection: AsyncConnection, copy: sqlite3.Connection) -> None:
    """Puts the rows of an SQLite file of our schema in the place of those that are there; the caller commits."""
    for table in reversed(tables()):
        await connection.execute(delete(table))
    for table in tables():
        for rows in _read(copy, table):
            await connection.execute(insert(table), rows)
    last = select(func.coalesce(func.max(requests.c.id), 0) + 1).scalar_subquery()
    sequence = text("SELECT setval(pg_get_serial_sequence('requests', 'id'), :next, false)")
    await connection.execute(sequence, {"next": await connection.scalar(select(last))})


def _insert(table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.c)
    return f'INSERT INTO "{table.name}" ({columns}) VALUES ({", ".join("?" * len(table.c))})'  # noqa: S608


def _read(copy: sqlite3.Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    columns = ", ".join(f'"{column.name}"' for column in table.c)
    truths = [column.name for column in table.c if isinstance(column.type, Boolean)]
    cursor = copy.execute(f'SELECT {columns} FROM "{table.name}"')  # noqa: S608
    names: Final = [column.name for column in table.c]
    while found := cursor.fetchmany(AT_ONCE):
        rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in found]
        for row in rows:
            for name in truths:
                if row[name] not in (0, 1):
                    raise StateError(f"the backup's table {table.name} holds a value of another kind in {name}")
                row[name] = bool(row[name])
        yield rows
