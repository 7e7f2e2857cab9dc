"""A state in a database of PostgreSQL: see `certhia.store.engine`.

Nothing outlives a transaction on the server's side: no prepared statement, no setting, no lock. So a pooler that hands
out connections by the transaction (PgBouncer) may stand between. All is in the schema `certhia_state`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store import compatible
from certhia.store.address import Address
from certhia.store.leases import TABLE, Lease, holder, unheld
from certhia.store.line import Line, Pooled
from certhia.store.schema import metadata

# The indexes of some rows are those of the same rows here. Not in `schema`: whoever has a file does without all this.
for _table in metadata.tables.values():
    for _index in _table.indexes:
        _index.dialect_options["postgresql"]["where"] = _index.dialect_options["sqlite"]["where"]

SCHEMA: Final = "certhia_state"  # not `certhia`: who is called so would find it before `public`
OLDEST: Final = 15  # major version of the server
CONNECT_WITHIN: Final = 15.0  # seconds
ANSWER_WITHIN: Final = 120.0  # seconds that a statement may take
WRITING: Final = 0x63657274_68696101  # of the advisory lock that one writer holds to the end of its transaction
STANDS_STILL: Final = 10.0  # seconds that a writer may say nothing inside a transaction: others wait for its end
_HERE: Final = f"SELECT set_config('search_path', '{SCHEMA}', true)"
_AGAIN: Final = ("40001", "40P01")  # serialization failure, deadlock: surely rolled back
_ADVICE: Final = {  # by the first characters of SQLSTATE, longest first
    "28": "see that user and password are right: in PGPASSWORD, ~/.pgpass, or a URL in a file that only you can read",
    "3D000": "createdb makes it",
    "42501": "the user must own the database, or be granted CREATE on it",
    "53100": "make room on the server and start again",
    "53300": "let the server take more connections, or put PgBouncer before it",
    "25006": "this server only reads: name the one that writes, or add target_session_attrs=read-write",
    "25P03": "this process stood still inside a transaction, which the server ended; start it again",
    "08P01": "a pooler between must pass `application_name` on, or be PgBouncer in transaction mode",
}
OTHERWISE: Final = "what was committed before is safe: start again"


@dataclass(frozen=True, slots=True)
class Postgres:
    """One database."""

    address: Address

    @property
    def label(self) -> str:
        """Its URL, without secrets."""
        return str(self.address)

    @property
    def errors(self) -> tuple[type[BaseException], ...]:
        """What is raised of it: by statements, or while connecting."""
        return (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

    def to_write(self) -> AsyncEngine:
        """An engine with one connection. A transaction begins by excluding those of all other writers; one whose
        process stands still, or can't be reached any more, is ended by the server: nobody waits for it for ever."""
        limit = f"set_config('idle_in_transaction_session_timeout', '{STANDS_STILL * 1000:.0f}', true)"
        return self._engine(f"{_HERE}, {limit}, pg_advisory_xact_lock({WRITING})", pool_size=1)

    def to_read(self) -> AsyncEngine:
        """An engine whose transactions only read."""
        options = {"postgresql_readonly": True}
        return self._engine(_HERE, pool_size=self.address.pool, execution_options=options)

    def _engine(self, first: str, **options: Any) -> AsyncEngine:
        async def connect(**_: object) -> asyncpg.Connection[asyncpg.Record]:
            return await asyncpg.connect(
                self.address.dsn,
                timeout=CONNECT_WITHIN,
                command_timeout=ANSWER_WITHIN,
                statement_cache_size=0,
                server_settings={"application_name": "certhia"},
            )

        engine = create_async_engine(
            "postgresql+asyncpg:///state",
            connect_args={
                "async_creator_fn": connect,
                "prepared_statement_cache_size": 0,
                "prepared_statement_name_func": str,  # no name: it is gone with the next
            },
            max_overflow=0,
            pool_timeout=60,
            pool_pre_ping=True,
            **options,
        )

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(first)

        return engine

    @asynccontextmanager
    async def writing(self, engine: AsyncEngine) -> AsyncIterator[Line]:
        """A transaction."""
        async with engine.begin() as connection:
            line = Pooled(connection)
            yield line
            await line.ask()

    @asynccontextmanager
    async def asking(self, engine: AsyncEngine) -> AsyncIterator[Line]:
        """One transaction for all questions: each of its own would be two trips more."""
        async with engine.connect() as connection:
            yield Pooled(connection)

    async def make(self) -> None:
        """Makes the schema where there is none. Raises StateError."""
        try:
            connection = await asyncpg.connect(self.address.dsn, timeout=CONNECT_WITHIN, statement_cache_size=0)
            try:
                version = connection.get_server_version()
                if version.major < OLDEST:
                    raise StateError(
                        f"{self.label}: PostgreSQL {version.major} is too old: {OLDEST} or newer is needed"
                    )
                async with connection.transaction():
                    await connection.execute(f"SELECT pg_advisory_xact_lock({WRITING})")
                    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            finally:
                await connection.close(timeout=CONNECT_WITHIN)
        except self.errors as error:
            raise self.failure(error) from error

    async def is_there(self) -> bool:
        """Whether the database can be reached, and has our tables. Raises StateError."""
        engine = self.to_read()
        try:
            async with engine.connect() as connection:
                return await self.has_schema(connection)
        except self.errors as error:
            raise self.failure(error) from error
        finally:
            await engine.dispose()

    async def has_schema(self, connection: AsyncConnection) -> bool:
        """Whether tables were made."""
        found = await connection.scalar(text(f"SELECT to_regclass('{SCHEMA}.alembic_version') IS NOT NULL"))
        return bool(found)

    async def complete(self, connection: AsyncConnection) -> None:
        """Leases, and views for those who know ct-scout's tables."""
        await connection.exec_driver_sql(TABLE)
        await compatible.make(connection)

    async def untouched(self, connection: AsyncConnection) -> None:
        """Raises Held where somebody follows, on whatever machine."""
        await unheld(connection, self.label)

    async def lease(self, writers: AsyncEngine, directory: Path, clock: Clock) -> Lease:
        """Takes the leases. Raises Held, StateError."""
        lease = Lease(self, writers, directory, clock)
        await lease.take()
        return lease

    async def is_followed(self, connection: AsyncConnection) -> bool:
        """Whether somebody has the lease, on whatever machine."""
        return await holder(connection) != ""

    @asynccontextmanager
    async def moment(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """One snapshot."""
        held = await connection.execution_options(isolation_level="REPEATABLE READ")
        async with held.begin():
            yield

    async def faults(self, connection: AsyncConnection) -> AsyncIterator[tuple[str, str, str]]:
        """What it holds of constraints that were switched off: the rest the server checks itself."""
        query = text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint "
            "WHERE NOT convalidated AND connamespace = CAST(:schema AS regnamespace)"
        )
        for table, name in await connection.execute(query, {"schema": SCHEMA}):
            yield str(table), "", f"its constraint {name} was never checked"

    def busy(self, error: BaseException) -> bool:
        """Whether the server rolled a transaction back because of another one."""
        return _state(error) in _AGAIN

    def failure(self, error: BaseException) -> StateError:
        """What to tell people of the database."""
        cause = _cause(error)
        if isinstance(cause, TimeoutError):
            return StateError(f"{self.label}: no answer in time: {OTHERWISE}")
        reason = (str(cause).partition("\n")[0] or type(cause).__name__).rstrip(".")
        if isinstance(cause, OSError):
            return StateError(f"{self.label}: {reason}: see that PostgreSQL runs there, and can be reached")
        state = _state(error)
        advice = next((_ADVICE[state[:length]] for length in (5, 2) if state[:length] in _ADVICE), OTHERWISE)
        return StateError(f"{self.label}: {reason}: {advice}")


def _cause(error: BaseException) -> BaseException:
    """What the driver raised."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or error.orig


def _state(error: BaseException) -> str:
    """SQLSTATE; "" where there is none."""
    return str(getattr(_cause(error), "sqlstate", None) or "")
