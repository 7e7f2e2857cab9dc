"""Every key of the settings by its name, `section.name`, and the reference that the docs are made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from certhia.config.settings import Settings
from certhia.config.values import Written
from certhia.quantity import show_duration, show_size

PREFIX = "CERTHIA_"
# Flags that are not called like their key.
_FLAGS = {
    "watch.rules": "RULE",
    "watch.files": "--watchlist",
    "watch.precerts": "--no-precerts",
    "read.poll_static": "--poll",
    "read.poll_rfc6962": "--poll",
    "output.files": "--output",
    "scan.targets": "TARGET",
    "scan.targets_from": "--file",
    "scan.files": "--output",
    "state.name": "--state",
}
_PATHS = (Written("file or URL"), Written("name or path"))
_PLAIN = {bool: "true or false", int: "number", float: "number", str: "text", Path: "path"}


def sections() -> dict[str, type[BaseModel]]:
    """The sections by name."""
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }


def fields() -> dict[str, FieldInfo]:
    """All keys."""
    return {
        f"{section}.{field.alias or name}": field
        for section, model in sections().items()
        for name, field in model.model_fields.items()
    }


def variable(key: str) -> str:
    """The environment variable of a key: `CERTHIA_SECTION__NAME`."""
    return PREFIX + key.replace(".", "__").upper()


def flag(key: str) -> str:
    """The command line option of a key."""
    return _FLAGS.get(key, "--" + key.partition(".")[2].replace("_", "-"))


def is_list(field: FieldInfo) -> bool:
    """Whether a key takes several values."""
    return get_origin(field.annotation) is tuple


def takes_paths(field: FieldInfo) -> bool:
    """Whether a key's values are paths, or paths or URLs."""
    return any(one is Path or one in _PATHS for one in _inside(field.annotation))


def _inside(annotation: object) -> Iterator[object]:
    """An annotation and everything inside it."""
    yield annotation
    for inner in get_args(annotation):
        yield from _inside(inner)


def reference() -> str:
    """All keys as Markdown tables, one a section: name, type, default, environment variable and meaning."""
    lines: list[str] = []
    for section, model in sections().items():
        lines += [f"## [{section}]", "", model.__doc__ or "", "", "| key | type | default | environment | meaning |"]
        lines.append("|---|---|---|---|---|")
        for key, field in fields().items():
            if key.startswith(f"{section}."):
                name = key.partition(".")[2]
                shown = default(field)
                cells = [f"`{name}`", written(field), f"`{shown}`" if shown else "", f"`{variable(key)}`"]
                lines.append(f"| {' | '.join(cells)} | {field.description} |")
        lines.append("")
    return "\n".join(lines)


def written(field: FieldInfo) -> str:
    """How a key's value is written, for people."""
    inside = list(_inside(field.annotation))
    marks = [str(mark) for mark in (*field.metadata, *inside) if isinstance(mark, Written)]
    choices = [choice for one in inside if get_origin(one) is Literal for choice in get_args(one)]
    plain = [_PLAIN[one] for one in inside if isinstance(one, type) and one in _PLAIN]
    what = marks[0] if marks else ", ".join(f"`{choice}`" for choice in choices) or plain[0]
    return f"list of {what}" if is_list(field) else what


def default(field: FieldInfo) -> str:
    """A key's default as one would write it; empty where there is none."""
    value = field.default
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    match next((str(mark) for mark in field.metadata if isinstance(mark, Written)), ""):
        case "duration":
            return show_duration(value)
        case "size":
            return show_size(value)
        case _:
            return str(value)
