"""A state in an SQLite file: see `certhia.store.engine`."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store import database, direct
from certhia.store.line import Line

MOST_FAULTS = 1000  # more don't help anybody


@dataclass(frozen=True, slots=True)
class Sqlite:
    """One file."""

    file: Path

    @property
    def label(self) -> str:
        """Its path."""
        return str(self.file)

    @property
    def errors(self) -> tuple[type[BaseException], ...]:
        """What is raised of the file."""
        return (DBAPIError, sqlite3.Error, OSError)

    def to_write(self) -> AsyncEngine:
        """An engine with one connection that writes."""
        return database.to_write(self.file)

    def to_read(self) -> AsyncEngine:
        """An engine whose connections only read."""
        return database.to_read(self.file)

    def writing(self, engine: AsyncEngine) -> AbstractAsyncContextManager[Line]:
        """A transaction past SQLAlchemy."""
        return direct.writing(engine)

    def asking(self, engine: AsyncEngine) -> AbstractAsyncContextManager[Line]:
        """Questions past SQLAlchemy."""
        return direct.asking(engine)

    async def make(self) -> None:
        """Makes the file where there is none. Raises StateError."""
        await asyncio.to_thread(database.create, self.file)

    async def is_there(self) -> bool:
        """Whether there is a file."""
        return await asyncio.to_thread(self.file.is_file)

    async def has_schema(self, connection: AsyncConnection) -> bool:
        """Whether tables were made."""
        known = text("SELECT count(*) FROM sqlite_master WHERE name='alembic_version'")
        return bool(await connection.scalar(known))

    async def complete(self, connection: AsyncConnection) -> None:
        """There is nothing besides the tables."""

    async def untouched(self, connection: AsyncConnection) -> None:
        """The lock of the directory sees to that."""

    async def lease(self, writers: AsyncEngine, directory: Path, clock: Clock) -> None:  # noqa: ARG002
        """None: a file is on one machine, and locked there."""
        return

    async def is_followed(self, connection: AsyncConnection) -> bool:  # noqa: ARG002
        """The lock of the directory says that, the file does not."""
        return False

    @asynccontextmanager
    async def moment(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """One read transaction."""
        await connection.exec_driver_sql("BEGIN")
        try:
            yield
        finally:
            await connection.exec_driver_sql("ROLLBACK")

    async def faults(self, connection: AsyncConnection) -> AsyncIterator[tuple[str, str, str]]:
        """SQLite's own checks: pages, indexes, references."""
        for found in (await connection.exec_driver_sql(f"PRAGMA integrity_check({MOST_FAULTS})")).scalars():
            if found != "ok":
                yield "file", "", str(found)
        for table, row, parent, _ in map(tuple, await connection.exec_driver_sql("PRAGMA foreign_key_check")):
            yield str(table), f"rowid {row}", f"names a row of {parent} that is not there"

    def busy(self, error: BaseException) -> bool:
        """Whether another process held the file's lock for too long."""
        return database.busy(error)

    def failure(self, error: BaseException) -> StateError:
        """What to tell people of the file."""
        return database.failure(self.file, error)
