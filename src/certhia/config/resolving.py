"""From what was written to what a key takes: lists, paths, `${VAR}`, and secrets that stand in files of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pydantic.fields import FieldInfo

from certhia.config.gathering import FILE, Given
from certhia.config.keys import is_list, is_mapping, takes_paths, written
from certhia.render import quoted, terminal

SECRET_FILE: Final = 1 << 16  # bytes
_VARIABLE: Final = re.compile(r"\$(?:\$(?=\{)|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}|(\{))")


class Resolved(NamedTuple):
    """`expanded`: whether something of the environment is in it, that complaints must not show."""

    value: object
    expanded: bool = False


def resolved(given: Given, field: FieldInfo, environment: Mapping[str, str]) -> Resolved:
    """What is given for a key, as its type takes it; relative paths start from the file that they stand in. Raises
    ValueError."""
    value = given.value
    expanded = False
    if given.rank == FILE:
        raw, value = value, filled(value, environment)
        expanded = raw != value
    if isinstance(value, str) and (given.rank != FILE or _is_variable(given.value)):
        value = _read(value, field)
    if is_list(field) and isinstance(value, str | Path):
        value = [value]
    if takes_paths(field):
        base = given.document.path.parent if given.document is not None else None
        named = written(field) == "name or path"
        value = [_path(one, base) for one in value] if isinstance(value, list | tuple) else _path(value, base, named)
    return Resolved(value, expanded)


def secret_in(given: Given, field: FieldInfo, environment: Mapping[str, str]) -> Resolved:
    """The secret in the file that `KEY_FILE` names; for several, one a line. Raises ValueError."""
    path = secret_path(given, environment)
    try:
        with path.open("rb") as file:
            raw = file.read(SECRET_FILE + 1)
        lines = raw.decode().strip().splitlines()
    except (OSError, ValueError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"
        raise ValueError(f"{terminal(str(path))} cannot be read: {why}") from None
    if not lines or len(raw) > SECRET_FILE:
        raise ValueError(
            f"{terminal(str(path))} is {'larger than 64 KiB' if lines else 'empty'}; is it the right file?"
        )
    return Resolved([line.strip() for line in lines] if is_list(field) else "\n".join(lines), expanded=True)


def secret_path(given: Given, environment: Mapping[str, str]) -> Path:
    """The file that `KEY_FILE` names. Raises ValueError."""
    if not isinstance(given.value, str | Path) or not str(given.value):
        raise ValueError("names a file that holds the secret; write its path")
    text = filled(str(given.value), environment) if given.rank == FILE else str(given.value)
    base = given.document.path.parent if given.document is not None else None
    return Path(str(_path(text, base)))


def filled(value: object, environment: Mapping[str, str]) -> object:
    """Texts with `${VAR}` and `${VAR:-default}` filled in; `$${` is a plain `${`."""
    if isinstance(value, list):
        return [filled(one, environment) for one in value]
    if isinstance(value, dict):
        return {key: filled(one, environment) for key, one in value.items()}
    if not isinstance(value, str) or "${" not in value:
        return value

    def fill(found: re.Match[str]) -> str:
        name, default, broken = found.groups()
        if broken:
            raise ValueError(f"{quoted(value)}: ${{ begins a variable: write ${{NAME}}, ${{NAME:-default}}, or $${{")
        if name is None:
            return "$"
        text = environment.get(name) or default  # as shells have it: an empty one counts as not set
        if text is None and name not in environment:
            raise ValueError(f"the variable {name} is not set; set it, or write ${{{name}:-default}}")
        return text or ""

    return _VARIABLE.sub(fill, value)


def _is_variable(value: object) -> bool:
    """Whether it is nothing but one variable."""
    found = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    return found is not None and found[1] is not None


def _read(text: str, field: FieldInfo) -> object:
    """A text of the environment or a flag, as the list or the table that it stands for. Raises ValueError."""
    if is_mapping(field):
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError('is no table; write {"name": "value"}') from None
    if not is_list(field):
        return text
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError(f'{quoted(text)} is no list; write a,b or ["a", "b"]') from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _path(value: object, base: Path | None, named: bool = False) -> object:
    """A path from `base`, with `~` expanded; a URL, or where names are meant a name, as it is."""
    if not isinstance(value, str | Path) or not str(value) or "://" in str(value):
        return value
    if named and "/" not in str(value):
        return value
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise ValueError(
            f"{quoted(str(value))} begins with the home of a user who is not here; write the whole path"
        ) from None
    path = base / path if base else path
    # `./name` must not become the name that it would be without its slash.
    return str(path.absolute() if named else path)
