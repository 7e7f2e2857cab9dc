"""Where a state is kept."""

from __future__ import annotations

import os
import re
from pathlib import Path

from certhia.errors import ConfigError, StateError

DEFAULT = "default"
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


def prepare(directory: Path) -> None:
    """Makes the directory, readable by its owner only. Raises StateError."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not directory.is_dir():
            raise NotADirectoryError(20, "Not a directory")
    except OSError as error:
        raise StateError(f"{directory}: {error.strerror}: --state names a directory that can be written") from error
