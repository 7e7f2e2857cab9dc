"""An event as it is stored, and how a process without SQLAlchemy adds some to a file that another one follows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certhia.errors import StateError
from certhia.render import json_text
from certhia.store.codec import plain

PATIENCE: Final = 10.0  # seconds that another process may hold the file
_ADD: Final = (
    "INSERT INTO events (id, type, at, source, correlation, version, data) "
    "VALUES (:id, :type, :at, :source, :correlation, :version, :data)"
)
_TEXTS: Final = ("id", "type", "source", "correlation")
_TRIM: Final = (
    "DELETE FROM events WHERE type = ? AND id <= "
    "(SELECT id FROM events WHERE type = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as it is stored; see `certhia.events.event.Event`. `data` is ready for JSON: it is written as such."""

    id: str
    type: str
    at: float  # Unix seconds
    source: str
    correlation: str
    version: int
    data: Mapping[str, object]

    def values(self) -> dict[str, object]:
        """By column. Raises TypeError, ValueError or RecursionError for data that JSON (RFC 8259) can't say."""
        texts = {name: plain(getattr(self, name)) for name in _TEXTS}
        return {**texts, "at": self.at, "version": self.version, "data": json_text(self.data)}


def add(file: Path, rows: Sequence[EventRow], most: Mapping[str, int]) -> None:
    """Adds these to the state in an SQLite file, and lets the oldest of the types in `most` go, down to that many.
    Raises StateError, also for a file of a schema without events."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as held, held:
            held.execute("BEGIN IMMEDIATE")
            held.executemany(_ADD, [one.values() for one in rows])
            held.executemany(_TRIM, [(plain(kind), plain(kind), many) for kind, many in most.items()])
    except sqlite3.Error as error:
        old = "no such table" in str(error)
        advice = "of an older Certhia: `certhia watch` brings it up to date" if old else str(error)
        raise StateError(f"{file}: {advice}") from error
