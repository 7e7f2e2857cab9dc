"""What stands in JSON that anybody may have written: by path, and of the type that is needed or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from certhia.errors import BadAnswer

MAX_LENGTH: Final = 8192  # characters of a text that is looked at


class Unreadable(BadAnswer):
    """A list that has rows, and none in the form that we read."""


def at(value: object, *path: str) -> Any:
    """What a document has at a path of keys; None where it has nothing."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def text(value: object, *path: str) -> str:
    """A text, or a number's; empty where there is none."""
    found = at(value, *path)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    if isinstance(found, str):
        return whole(found[:MAX_LENGTH])
    return f"{found:d}" if abs(found) < 10**18 else ""


def whole(value: str) -> str:
    """A text that can be written: JSON may hold halves of characters (lone surrogates), which nothing else takes."""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def first(value: object, *keys: str) -> str:
    """The first text that is there under one of these keys."""
    return next((found for key in keys if (found := text(value, key).strip())), "")


def rows(value: object, *path: str) -> Sequence[Any]:
    """A list; empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, list) else ()


def check_some(rows: Sequence[Any], readable: Callable[[Any], bool], where: str) -> None:
    """Raises Unreadable where none of these rows is what it should be: a list in another form than we read is not an
    empty one."""
    if rows and not any(readable(row) for row in rows):
        raise Unreadable(f"{where}: none of {len(rows)} rows has in it what they had: its form may have changed")


def number(value: object, *path: str) -> int | None:
    """A whole number."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
