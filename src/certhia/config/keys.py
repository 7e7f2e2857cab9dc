"""Every key of the settings by its name, `section.name`, and how its value is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from certhia.config.secret import Secret
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
    "log.levels": "--log-level",
    "metrics.listen": "--metrics-listen",
    "metrics.file": "--metrics-file",
    "metrics.interval": "--metrics-interval",
    "scan.targets": "TARGET",
    "scan.targets_from": "--file",
    "scan.files": "--output",
    "state.name": "--state",
    "output.progress": "--no-progress",
    "sinks.webhook.url": "--webhook",
    "sinks.webhook.ctscout_secret": "--webhook-secret",
    "sinks.webhook.timeout": "--webhook-timeout",
    "sinks.webhook.enabled": "--no-webhook",
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
    """All keys but those of tables that users name."""
    return {
        f"{section}.{field.alias or name}": field
        for section, model in sections().items()
        for name, field in model.model_fields.items()
        if name != "each"
    }


def settable() -> tuple[str, ...]:
    """All of these, and those that name a file which holds the value of one."""
    known = fields()
    files = (f"{key}_file" for key, field in known.items() if has_file(field) and f"{key}_file" not in known)
    return (*known, *files)


def variable(key: str) -> str:
    """The environment variable of a key: `CERTHIA_SECTION__NAME`."""
    return PREFIX + key.replace(".", "__").upper()


def flag(key: str) -> str:
    """The command line option of a key; of tables that users name most have none, and are called as they are."""
    if key.count(".") > 1:
        return _FLAGS.get(key, key)
    return _FLAGS.get(key, "--" + key.partition(".")[2].replace("_", "-"))


def is_list(field: FieldInfo) -> bool:
    """Whether a key takes several values."""
    return get_origin(field.annotation) is tuple


def is_mapping(field: FieldInfo) -> bool:
    """Whether a key takes names with values."""
    return get_origin(field.annotation) is dict


def is_secret(field: FieldInfo) -> bool:
    """Whether what a key takes is never shown."""
    return any(one in (SecretStr, Secret) for one in inside(field.annotation))


def has_file(field: FieldInfo) -> bool:
    """Whether `KEY_FILE` may name a file that holds its value: of secrets, and of a state whose URL may have one."""
    return is_secret(field) or _marked(field) == _PATHS[1]


def is_private(field: FieldInfo) -> bool:
    """Whether parts of what a key takes may be secret, so that complaints show nothing of it."""
    return is_secret(field) or _marked(field) == "header"


def needs_restart(field: FieldInfo) -> bool:
    """Whether a change of it takes effect only when the program is started again."""
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("restart"))


def takes_paths(field: FieldInfo) -> bool:
    """Whether a key's values are paths, or paths or URLs."""
    return any(one is Path or one in _PATHS for one in inside(field.annotation))


def inside(annotation: object) -> Iterator[object]:
    """An annotation and everything inside it."""
    yield annotation
    for inner in get_args(annotation):
        yield from inside(inner)


def written(field: FieldInfo) -> str:
    """How a key's value is written, for people."""
    parts = list(inside(field.annotation))
    choices = [choice for one in parts if get_origin(one) is Literal for choice in get_args(one)]
    plain = [_PLAIN[one] for one in parts if isinstance(one, type) and one in _PLAIN]
    what = _marked(field) or ", ".join(f"`{choice}`" for choice in choices) or plain[0]
    return f"list of {what}" if is_list(field) else f"table of {what}" if is_mapping(field) else what


def _marked(field: FieldInfo) -> str:
    """How it says itself that it is written; empty where it doesn't."""
    marks = (*field.metadata, *inside(field.annotation))
    return next((str(mark) for mark in marks if isinstance(mark, Written)), "")


def default(field: FieldInfo) -> str:
    """A key's default as one would write it; empty where there is none."""
    return "" if field.is_required() or field.default == {} else shown(field.default, field)


def shown(value: object, field: FieldInfo) -> str:
    """A key's value as one would write it; empty for none."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return f"[{', '.join(shown(one, field) for one in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        match _marked(field):
            case "duration":
                return show_duration(value)
            case "size":
                return show_size(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)
