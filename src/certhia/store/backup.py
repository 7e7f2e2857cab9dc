"""A copy of the whole state in one file, beside a running follower; and back from it.

The copy is an SQLite file with the state's own schema, whichever database the state is in: what was backed up from one
can be restored into the other.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store import database, place
from certhia.store.lock import Lock
from certhia.store.place import FILE
from certhia.store.schema import SCHEMA
from certhia.store.state import CLEAN

SUFFIX: Final = ".part"  # of a copy that is not whole yet
_COUNTED: Final = "SELECT (SELECT count(*) FROM logs), (SELECT count(*) FROM matches)"


@dataclass(frozen=True, slots=True)
class Copy:
    """A backup: its file, its size in bytes, and how many logs and matches are in it."""

    path: Path
    size: int
    logs: int
    matches: int


async def backup(directory: Path, target: Path) -> Copy:
    """Copies the state in `directory`, as of one moment, to a new file `target`, which is there whole or not at all.

    Raises StateError, also where there is something at `target` already.
    """
    return await asyncio.to_thread(_backup, directory, target)


def _backup(directory: Path, target: Path) -> Copy:
    file = directory / FILE
    if not file.is_file():
        raise StateError(f"{directory}: there is no state here: --state NAME names another")
    if target.exists():
        raise StateError(f"{target}: is there already: name a new file")
    part = target.with_name(target.name + SUFFIX)
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StateError(f"{part}: {error.strerror}: name a file in a directory that can be written") from error
    try:
        with _opened(file) as source:
            copied = _copied(source, file, part)
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise StateError(f"{part}: {error.strerror}: make room, or name another place") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return Copy(target, target.stat().st_size, *copied)


def _copied(source: sqlite3.Connection, file: Path, part: Path) -> tuple[int, int]:
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.backup(copy)
            finish(copy)
            logs, matches = copy.execute(_COUNTED).fetchone()
        _sync(part)
    except sqlite3.Error as error:
        raise database.failure(file, error) from error
    return logs, matches


def finish(copy: sqlite3.Connection) -> None:
    """Makes one file of it, and takes out what must not be believed later: that all deliveries are known to have been
    made or not, and requests."""
    copy.execute("PRAGMA journal_mode=DELETE")
    copy.execute("BEGIN IMMEDIATE")
    copy.execute("DELETE FROM meta WHERE name=?", (CLEAN,))
    copy.execute("DELETE FROM requests WHERE answer IS NULL")
    copy.execute("COMMIT")


async def restore(directory: Path, source: Path, *, clock: Clock, replace: bool = False) -> Copy:
    """Puts a backup in the place of the state in `directory`: all of it, or nothing. Nobody may follow logs with it.

    Raises StateError; Held where somebody follows. `replace`: a state that is there already goes.
    """
    return await asyncio.to_thread(_restore, directory, source, clock, replace)


def _restore(directory: Path, source: Path, clock: Clock, replace: bool) -> Copy:
    with _opened(source) as copy:
        logs, matches = examine(copy, source)
        place.prepare(directory)
        lock = Lock(directory, clock.boot())
        try:
            file = directory / FILE
            if file.is_file() and file.stat().st_size and not replace:
                raise StateError(f"{directory}: there is a state here already: --replace puts the backup in its place")
            database.create(file)
            with closing(sqlite3.connect(file, timeout=database.BUSY_TIMEOUT, isolation_level=None)) as target:
                target.execute("PRAGMA synchronous=FULL")
                copy.backup(target)  # one transaction of the target's
        except sqlite3.Error as error:
            raise database.failure(directory / FILE, error) from error
        finally:
            lock.release()
    return Copy(source, source.stat().st_size, logs, matches)


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
