"""A copy of the whole state in one file, beside a running follower; and back from it.

The copy is an SQLite file with the state's own schema, whichever database the state is in: what was backed up from one
can be restored into the other.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store import database, place, transfer
from certhia.store.engine import guarded, upgrade
from certhia.store.lock import Lock
from certhia.store.place import FILE, Place
from certhia.store.schema import SCHEMA
from certhia.store.state import CLEAN, State

SUFFIX: Final = ".part"  # of a copy that is not whole yet
_COUNTED: Final = "SELECT (SELECT count(*) FROM logs), (SELECT count(*) FROM matches)"


@dataclass(frozen=True, slots=True)
class Copy:
    """A backup: its file, its size in bytes, and how many logs and matches are in it."""

    path: Path
    size: int
    logs: int
    matches: int


async def backup(at: Place, target: Path, *, clock: Clock) -> Copy:
    """Copies a state, as of one moment, to a new file `target`, which is there whole or not at all.

    Raises StateError, also where there is something at `target` already.
    """
    if not await place.is_there(at):
        raise StateError(f"{at}: there is no state here: --state NAME names another")
    part = await asyncio.to_thread(_begin, target)
    try:
        if at.database is None:
            await asyncio.to_thread(_copy, at.directory / FILE, part)
        else:
            await asyncio.to_thread(transfer.make, part)
            async with await State.open(at, clock=clock, follow=False) as state:
                await transfer.save(state, part)
        return await asyncio.to_thread(_finish, part, target)
    except OSError as error:
        raise StateError(f"{part}: {error.strerror}: make room, or name another place") from error
    except (sqlite3.Error, DBAPIError) as error:
        raise database.failure(part, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _begin(target: Path) -> Path:
    """An empty file beside the target, readable by its owner only."""
    if target.exists():
        raise StateError(f"{target}: is there already: name a new file")
    part = target.with_name(target.name + SUFFIX)
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StateError(f"{part}: {error.strerror}: name a file in a directory that can be written") from error
    return part


def _copy(file: Path, part: Path) -> None:
    try:
        with _opened(file) as source, closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise database.failure(file, error) from error


def _finish(part: Path, target: Path) -> Copy:
    """Makes one file of it, takes out what must not be believed later (that all deliveries are known to have been made
    or not, and requests), and gives it its name."""
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("BEGIN IMMEDIATE")
        copy.execute("DELETE FROM meta WHERE name=?", (CLEAN,))
        copy.execute("DELETE FROM requests WHERE answer IS NULL")
        copy.execute("COMMIT")
        logs, matches = copy.execute(_COUNTED).fetchone()
    _sync(part)
    part.replace(target)
    _sync(target.parent)
    return Copy(target, target.stat().st_size, logs, matches)


async def restore(at: Place, source: Path, *, clock: Clock, replace: bool = False) -> Copy:
    """Puts a backup in the place of a state: all of it, or nothing. Nobody may follow logs with it.

    Raises StateError; Held where somebody follows. `replace`: a state that is there already goes.
    """
    with _opened(source) as copy:
        logs, matches = examine(copy, source)
        await asyncio.to_thread(place.prepare, at.directory)
        lock = Lock(at.directory, clock.boot())
        try:
            if not replace and await _is_taken(at):
                raise StateError(f"{at}: there is a state here already: --replace puts the backup in its place")
            if at.database is None:
                _into_file(copy, at.directory / FILE)
            else:
                await _into_database(copy, at, clock)
        finally:
            lock.release()
    return Copy(source, await asyncio.to_thread(os.path.getsize, source), logs, matches)


async def _is_taken(at: Place) -> bool:
    file = at.directory / FILE
    return await place.is_there(at) and (at.database is not None or file.stat().st_size > 0)


def _into_file(copy: sqlite3.Connection, file: Path) -> None:
    database.create(file)
    try:
        with closing(sqlite3.connect(file, timeout=database.BUSY_TIMEOUT, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous=FULL")
            copy.backup(target)  # one transaction of the target's
    except sqlite3.Error as error:
        raise database.failure(file, error) from error


async def _into_database(copy: sqlite3.Connection, at: Place, clock: Clock) -> None:
    where = place.engine_of(at)
    await where.make()
    writers = where.to_write()
    try:
        await upgrade(writers, where, allowed=True)
        lease = await where.lease(writers, at.directory, clock)
        with _of_our_schema(copy) as current:
            async with guarded(where), writers.begin() as connection:
                await transfer.load(connection, current)
        if lease is not None:
            await lease.release()
    finally:
        await writers.dispose()


@contextmanager
def _of_our_schema(copy: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """The same rows, brought to our schema where they are of an older one."""
    (version,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    if version == SCHEMA:
        yield copy
        return
    with tempfile.TemporaryDirectory(prefix="certhia-") as folder:
        file = Path(folder) / FILE
        with closing(sqlite3.connect(file, isolation_level=None)) as older:
            copy.backup(older)
        transfer.migrated(file)
        with closing(sqlite3.connect(file)) as current:
            yield current


def examine(copy: sqlite3.Connection, source: Path) -> tuple[int, int]:
    """How many logs and matches a backup has. Raises StateError where it is none that this version can restore."""
    try:
        (sound,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if sound != "ok":
            raise StateError(f"{source}: is damaged ({sound}): use another backup")
        (version,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        if version > SCHEMA:
            (needs,) = copy.execute("SELECT value FROM meta WHERE name='needs'").fetchone()
            raise StateError(
                f"{source}: made by a newer Certhia (schema {version}; this one knows {SCHEMA}): use Certhia {needs} "
                "or later"
            )
        logs, matches = copy.execute(_COUNTED).fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise StateError(f"{source}: is no backup of a state ({error}): `certhia state backup` makes one") from error
    return logs, matches


def _opened(file: Path) -> closing[sqlite3.Connection]:
    if not file.is_file():
        raise StateError(f"{file}: there is no such file")
    try:
        return closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=database.BUSY_TIMEOUT))
    except sqlite3.Error as error:
        raise database.failure(file, error) from error


def _sync(path: Path) -> None:
    """Has the disk take a file, or a directory's names."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
