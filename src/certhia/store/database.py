"""Connections to the SQLite file, and what may be wrong with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from certhia.errors import StateError

OTHERWISE: Final = "what was committed before is safe: start again"
CUT_OFF: Final = "the follower that made it was cut off: `certhia watch` brings it in order"
BUSY_TIMEOUT: Final = 5.0  # seconds that SQLite waits for another process's lock

_PRAGMAS: Final = (
    "foreign_keys=ON",
    "synchronous=FULL",  # committed means on disk, also after a power cut
    "journal_size_limit=67108864",
    "temp_store=MEMORY",
    "cache_size=-8192",  # KiB
)


def to_write(file: Path) -> AsyncEngine:
    """An engine with one connection that writes. Transactions are begun by us: the driver would leave DDL outside."""
    engine = _engine(file, "rw", pool_size=1)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def to_read(file: Path) -> AsyncEngine:
    """An engine whose connections only read; each statement sees the state as of its own beginning."""
    return _engine(file, "ro", pool_size=4, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)


def _engine(file: Path, mode: str, **options: Any) -> AsyncEngine:
    uri = f"file:{quote(str(file))}?mode={mode}"

    def open_connection() -> Awaitable[aiosqlite.Connection]:
        connection = aiosqlite.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT)
        connection._thread.daemon = True  # as SQLAlchemy does: a connection that is not closed keeps no process alive
        return connection

    engine = create_async_engine(
        "sqlite+aiosqlite:///state",
        async_creator=open_connection,
        pool_reset_on_return=None,  # transactions end where they begin
        max_overflow=0,
        pool_timeout=60,
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (*_PRAGMAS, f"query_only={'ON' if mode == 'ro' else 'OFF'}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def create(file: Path) -> None:
    """Makes the file, readable by its owner only, where there is none; sets write-ahead logging. Raises StateError."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT)
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise failure(file, error) from error
    if mode != "wal":
        raise StateError(f"{file}: SQLite can't keep a write-ahead log here ({mode}): keep the state on a local disk")


def busy(error: BaseException) -> bool:
    """Whether another process held SQLite's lock for too long."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return getattr(origin, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def failure(file: Path, error: BaseException) -> StateError:
    """What to tell people of a file that can't be read or written."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    reason = (origin.strerror if isinstance(origin, OSError) else str(origin)) or type(origin).__name__
    whole = getattr(origin, "sqlite_errorcode", 0)
    if whole in (sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY):
        return StateError(f"{file}: {CUT_OFF}")
    code = whole & 0xFF
    advice = {
        sqlite3.SQLITE_FULL: "make room and start again",
        sqlite3.SQLITE_IOERR: "the disk is full or failing: look at the system's log, then start again",
        sqlite3.SQLITE_CORRUPT: "the file is damaged: restore it, or use --state NAME for another state",
        sqlite3.SQLITE_NOTADB: "this is no state of Certhia's: use --state NAME for another one",
        sqlite3.SQLITE_CANTOPEN: "it must be readable, and its directory writable",
        sqlite3.SQLITE_READONLY: "the file and its directory must be writable",
        sqlite3.SQLITE_BUSY: "another process keeps it locked: end that first",
        sqlite3.SQLITE_LOCKED: "another process keeps it locked: end that first",
    }.get(
        code, "the file and its directory must be readable and writable" if isinstance(origin, OSError) else OTHERWISE
    )
    return StateError(f"{file}: {reason}: {advice}")
