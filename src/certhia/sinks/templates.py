"""JSON of one's own for a match: a file of JSON whose texts have `${field}` in them.

The file is read as JSON first and its texts are filled in then, so that nothing in a certificate can end a text or
begin another field. A text that is `${field}` and nothing else becomes the field's value, list or number; inside a
longer text a value is made inert, and `${field:slack}`, `${field:markdown}` and `${field:html}` escape what those would
act on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from certhia import render
from certhia.errors import ConfigError
from certhia.sinks.schema import FIELDS

MAX_TEMPLATE: Final = 1 << 16  # bytes
MAX_DEPTH: Final = 32
EXTRA: Final = ("severity",)  # besides those of a record
# Of what is no match: an alarm, a digest, what a probe or a scan found; each has some of them.
NOTED: Final = frozenset(
    (
        *("type", "text", "event", "id", "kind", "key", "log", "since", "until", "at", "sink", "count"),
        *("name", "port", "stage", "outcome", "detail", "address"),
    )
)
_FIELD: Final = re.compile(r"\$\{([a-z0-9_]+)(?::([a-z]+))?\}")
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
_FOR: Final[Mapping[str, Callable[[str], str]]] = {
    "": render.terminal,
    "slack": lambda text: _escaped(render.terminal(text), {"&": "&amp;", "<": "&lt;", ">": "&gt;"}),
    "html": lambda text: _escaped(render.terminal(text), _HTML),
    "markdown": lambda text: re.sub(r"([\\`*_{}\[\]()<>#+!|~@&-])", r"\\\1", render.terminal(text)),
}

Json = object


class Template:
    """One file."""

    def __init__(self, source: str, where: str, *, notes: bool = False) -> None:
        """`where`: the file's name, for people. `notes`: whether it is for what is no match. Raises ConfigError for
        what is no JSON, or names no field."""
        self._where = where
        self._what = "a record that is no match" if notes else "a match"
        try:
            self._content: Json = json.loads(source)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{where}: is not JSON: {render.terminal(str(error))}") from error
        self._known = NOTED if notes else frozenset((*(field.name for field in FIELDS), *EXTRA))
        self._check(self._content, 0)

    @classmethod
    def load(cls, path: Path, *, notes: bool = False) -> Template:
        """From a file. Raises ConfigError."""
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_TEMPLATE + 1)
            source = raw.decode("utf-8-sig")
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
        if len(raw) > MAX_TEMPLATE:
            raise ConfigError(f"{path}: is larger than {MAX_TEMPLATE >> 10} KiB; is it a template?")
        return cls(source, str(path), notes=notes)

    def filled(self, fields: Mapping[str, object]) -> Json:
        """With the fields of one match, or record; what that has not is null, and empty in a text."""
        return self._fill(self._content, fields)

    def _fill(self, value: Json, fields: Mapping[str, object]) -> Json:
        if isinstance(value, str):
            whole = _FIELD.fullmatch(value)
            if whole is not None and whole[2] is None:
                return fields.get(whole[1])
            return _FIELD.sub(lambda found: _FOR[found[2] or ""](_text(fields.get(found[1]))), value)
        if isinstance(value, list):
            return [self._fill(one, fields) for one in value]
        if isinstance(value, dict):
            return {key: self._fill(one, fields) for key, one in value.items()}
        return value

    def _check(self, value: Json, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ConfigError(f"{self._where}: is nested more than {MAX_DEPTH} deep")
        if isinstance(value, str):
            for field, manner in _FIELD.findall(value):
                if field not in self._known:
                    raise ConfigError(f"{self._where}: ${{{field}}} is no field of {self._what}; docs list them")
                if manner not in _FOR:
                    known = ", ".join(one for one in _FOR if one)
                    raise ConfigError(f"{self._where}: ${{{field}:{manner}}}: is no manner; there are {known}")
        elif isinstance(value, list | dict):
            for one in value.values() if isinstance(value, dict) else value:
                self._check(one, depth + 1)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_text(one["rule"] if isinstance(one, dict) else one) for one in value)
    return str(value)


def _escaped(text: str, by: Mapping[str, str]) -> str:
    return "".join(by.get(one, one) for one in text)
