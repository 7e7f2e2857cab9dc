"""Where a state is kept."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from certhia.errors import ConfigError, StateError
from certhia.store.address import Address, address, is_address

if TYPE_CHECKING:
    from certhia.store.engine import Engine

DEFAULT = "default"
FILE = "state.db"  # in the directory of a state
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def state_dir(name_or_path: str | None = None) -> Path:
    """The directory of a state: a value with a slash is a path, any other a name below XDG_STATE_HOME/certhia.

    Makes nothing. Raises ConfigError for what can be neither.
    """
    value = name_or_path or DEFAULT
    if "\0" in value:
        raise ConfigError(f"--state {value!r}: a path has no NUL in it")
    if "/" in value:
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError as error:
            raise ConfigError(f"--state {value}: {error}") from error
    if not _NAME.fullmatch(value):
        raise ConfigError(
            f"--state {value}: a name is letters, digits, '.', '_' and '-'; a path has a slash (./{value})"
        )
    home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "state"
    return base / "certhia" / value


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state is.

    Attributes:
        directory: of its files: all of it, or what stands beside a database (evidence, lists that were fetched).
        database: of PostgreSQL, where the state is in one.
    """

    directory: Path
    database: Address | None = None

    def __str__(self) -> str:
        """What people know it by."""
        return str(self.directory if self.database is None else self.database)


def state_place(written: str | None = None) -> Place:
    """The place of a state: of a name or a path as in `state_dir`, or of a URL of PostgreSQL.

    Makes nothing. Raises ConfigError for what can be neither.
    """
    if written is None or not is_address(written):
        return Place(state_dir(written))
    database = address(written)
    return Place(state_dir(f"postgresql-{database.digest}"), database)


def engine_of(place: Place) -> Engine:
    """The database of a place. Raises ConfigError where what it needs is not installed."""
    if place.database is not None:
        try:
            from certhia.store.postgres import Postgres  # noqa: PLC0415  (its driver costs 9 MB)
        except ImportError as error:
            raise ConfigError(
                f"{place}: a state in PostgreSQL needs asyncpg: pip install 'certhia[postgresql]'"
            ) from error
        return Postgres(place.database)
    from certhia.store.sqlite import Sqlite  # noqa: PLC0415  (who only asks where a state is does without SQLAlchemy)

    return Sqlite(place.directory / FILE)


async def is_there(place: Place) -> bool:
    """Whether there is a state. Raises StateError where its database can't be asked."""
    return await engine_of(place).is_there()


def prepare(directory: Path) -> None:
    """Makes the directory, readable by its owner only. Raises StateError."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not directory.is_dir():
            raise NotADirectoryError(20, "Not a directory")
    except OSError as error:
        raise StateError(f"{directory}: {error.strerror}: --state names a directory that can be written") from error
