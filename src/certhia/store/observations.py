"""What scans saw, kept: which name was found at which address, how, with which certificate, from when to when.

A file of its own beside the state's database, as scans run while `certhia watch` holds that, and several at once. Each
line is what was seen there, however often; `first_seen` and `last_seen` are the moments of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from certhia.errors import StateError
from certhia.store.database import BUSY_TIMEOUT, create, failure
from certhia.store.place import prepare

FILE: Final = "observations.db"
FORM: Final = 1  # PRAGMA user_version
_AT_ONCE: Final = 1000  # rows
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS observations (
    name TEXT NOT NULL, address TEXT NOT NULL, port INTEGER NOT NULL, source TEXT NOT NULL, certificate BLOB NOT NULL,
    reversed TEXT NOT NULL, confidence REAL NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
    PRIMARY KEY (reversed, address, port, source, certificate)
) WITHOUT ROWID
"""
_ADD: Final = """
INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (reversed, address, port, source, certificate)
DO UPDATE SET confidence = max(confidence, excluded.confidence),
    first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)
"""
_COLUMNS: Final = "name, address, port, source, certificate, confidence, first_seen, last_seen"


class Observation(NamedTuple):
    """One thing that was seen.

    Attributes:
        name: A-labels, lower case; may begin with "*.".
        address: numeric.
        port: TCP.
        source: as of `records.Found`.
        certificate: SHA-256 of what was shown there; empty for none.
        confidence: 0 to 1, the highest.
        first_seen: Unix seconds.
        last_seen: Unix seconds.
    """

    name: str
    address: str
    port: int
    source: str
    certificate: bytes
    confidence: float
    first_seen: float
    last_seen: float


class Observations:
    """The file. Not for two threads at once; many processes may have it open."""

    def __init__(self, directory: Path, *, made: bool = True) -> None:
        """`directory`: of the state. `made`: whether the file is made where there is none. Raises StateError."""
        self.path = directory / FILE
        if made:
            prepare(directory)
            create(self.path)
        elif not self.path.is_file():
            raise StateError(f"{self.path}: there is none: `certhia scan --keep` makes it")
        try:
            self._open()
        except sqlite3.Error as error:
            raise failure(self.path, error) from error

    def _open(self) -> None:
        self._held = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT, check_same_thread=False, isolation_level=None, cached_statements=16
        )
        self._held.execute("PRAGMA synchronous = FULL")
        (form,) = self._held.execute("PRAGMA user_version").fetchone()
        if form > FORM:
            self._held.close()
            raise StateError(f"{self.path}: made by a newer Certhia (form {form}; this one knows {FORM}): use that")
        if form < FORM:
            self._held.execute(_TABLE)
            self._held.execute(f"PRAGMA user_version = {FORM}")

    def add(self, seen: Sequence[Observation]) -> None:
        """Keeps these, durably, all or none. Raises StateError."""
        try:
            self._held.execute("BEGIN IMMEDIATE")
            try:
                self._held.executemany(_ADD, map(_row, seen))
                self._held.execute("COMMIT")
            except BaseException:
                self._held.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise failure(self.path, error) from error

    def find(self, wanted: str = "") -> Iterator[Observation]:
        """What was seen of a name and all below it, or at an address; all of it without. In order of names, from their
        end. Raises StateError."""
        name = _reversed(wanted.lower().removeprefix("*.").strip("."))
        conditions = "address = ? OR reversed = ? OR (reversed >= ? AND reversed < ?)" if wanted else "?1 = ?1"
        values = (wanted, name, f"{name}.", f"{name}/") if wanted else (wanted,)  # "/" is what follows "."
        query = f"SELECT {_COLUMNS} FROM observations WHERE {conditions} ORDER BY reversed, address, port"  # noqa: S608
        try:
            cursor = self._held.execute(query, values)
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from (Observation(*row) for row in rows)
        except sqlite3.Error as error:
            raise failure(self.path, error) from error

    def close(self) -> None:
        """Lets go of the file. Idempotent."""
        self._held.close()


def _row(seen: Observation) -> tuple[object, ...]:
    return (*seen[:5], _reversed(seen.name), *seen[5:])


def _reversed(name: str) -> str:
    """Labels from the last to the first: what is below a name stands behind it."""
    return ".".join(reversed(name.split(".")))
