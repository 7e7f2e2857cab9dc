"""The database that holds a state, whichever it is: all in which one differs from another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from certhia.errors import StateError
from certhia.store import fresh
from certhia.store.schema import SCHEMA

if TYPE_CHECKING:
    from certhia.clock import Clock
    from certhia.store.leases import Lease
    from certhia.store.line import Line


class Engine(Protocol):
    """One database. Statements, rows and the order in which they are written are the same for all."""

    @property
    def label(self) -> str:
        """What people know it by; without secrets."""

    @property
    def errors(self) -> tuple[type[BaseException], ...]:
        """What its driver raises."""

    def to_write(self) -> AsyncEngine:
        """An engine with one connection, whose transactions exclude those of every other writer."""

    def to_read(self) -> AsyncEngine:
        """An engine whose connections only read; each statement sees the state as of its own beginning."""

    def writing(self, engine: AsyncEngine) -> AbstractAsyncContextManager[Line]:
        """A transaction of an engine that writes, in few trips: committed at the end, taken back where that raises."""

    def asking(self, engine: AsyncEngine) -> AbstractAsyncContextManager[Line]:
        """A connection of an engine that reads, in few trips."""

    async def make(self) -> None:
        """Makes what has no tables yet. Raises StateError."""

    async def is_there(self) -> bool:
        """Whether there is something to be read. Raises StateError."""

    async def has_schema(self, connection: AsyncConnection) -> bool:
        """Whether tables were made."""

    async def complete(self, connection: AsyncConnection) -> None:
        """Makes what this kind has besides the tables of all, where it isn't there; the caller commits."""

    async def untouched(self, connection: AsyncConnection) -> None:
        """Raises Held where somebody uses the tables that are about to change."""

    async def lease(self, writers: AsyncEngine, directory: Path, clock: Clock) -> Lease | None:
        """Takes what keeps followers on other machines away; None where there can be none. Raises Held, StateError."""

    async def is_followed(self, connection: AsyncConnection) -> bool:
        """Whether somebody follows logs with it, as far as it says so itself."""

    def moment(self, connection: AsyncConnection) -> AbstractAsyncContextManager[None]:
        """Inside, all statements of a reading connection see one moment."""

    def faults(self, connection: AsyncConnection) -> AsyncIterator[tuple[str, str, str]]:
        """What the database finds wrong with itself: table, row, what."""

    def busy(self, error: BaseException) -> bool:
        """Whether a transaction was refused, surely as a whole, only because of another one."""

    def failure(self, error: BaseException) -> StateError:
        """What to tell people of a database that can't be read or written."""


async def upgrade(engine: AsyncEngine, where: Engine, *, allowed: bool) -> None:
    """Brings the schema up to ours in one transaction; loads Alembic only where an older one is there.

    Raises StateError for a newer schema, and for an older one where that is not `allowed`.
    """
    async with guarded(where), engine.connect() as connection:
        found, needs = await _version(connection, where)
        if found == SCHEMA:
            if allowed:
                await where.complete(connection)
                await connection.commit()
            return
        if found > SCHEMA:
            raise StateError(
                f"{where.label}: made by a newer Certhia (schema {found}; this one knows {SCHEMA}): use Certhia "
                f"{needs} or later, or --state NAME for another state"
            )
        if not allowed:
            raise StateError(
                f"{where.label}: of an older Certhia (schema {found or 'none'}): `certhia watch` brings it up to date"
            )
        await where.untouched(connection)
        if found:
            from certhia.store.migrations import migrate  # noqa: PLC0415  (Alembic costs 11 MB)

            await connection.run_sync(migrate)
        else:
            await connection.run_sync(fresh.make)
        await where.complete(connection)
        await connection.commit()


async def _version(connection: AsyncConnection, where: Engine) -> tuple[str, str]:
    """The schema that is there ("" for none) and the Certhia it needs."""
    if not await where.has_schema(connection):
        return "", ""
    found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    needs = await connection.scalar(text("SELECT value FROM meta WHERE name='needs'"))
    return found or "", needs or "(unknown)"


@asynccontextmanager
async def guarded(where: Engine) -> AsyncIterator[None]:
    """Errors of the database leave as StateError, with what people know it by and the reason."""
    try:
        yield
    except where.errors as error:
        raise where.failure(error) from error
