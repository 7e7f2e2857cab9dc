"""Tables that users name, `[sinks.NAME]`, `[modules.NAME]` and `[logs."URL"]` among them, and keys that names are part
of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from certhia.config.modules import BUILT_IN, OWN, OtherModule, Own
from certhia.config.platforms import Platforms, PluginPlatform
from certhia.config.platforms.plugin import installed
from certhia.config.settings import LogOptions, Settings
from certhia.errors import ConfigError
from certhia.render import quoted, terminal

SINKS: Final = "sinks"
LOGS: Final = "logs"
PLATFORMS: Final = "platforms"
MODULES: Final = "modules"
NAMED: Final = (SINKS, LOGS, PLATFORMS, MODULES)  # sections that have such tables
TYPED: Final = {SINKS: "sink", PLATFORMS: "platform"}  # those whose tables have a type, and what one of them is called
CALLED: Final = {**TYPED, MODULES: "module"}  # what one of a section is called whose name is a word
EACH: Final = "each"  # the field of sections that are more than their tables that has these
TYPE: Final = "type"

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_URL: Final = re.compile(r"https?://[^\s\"\\/?#@]+(?:/[^\s\"\\?#]*)?", re.IGNORECASE)
_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^."]+')
_HIDDEN: Final = re.compile(r"token|secret|password|credential|(^|_)key", re.IGNORECASE)  # of keys that we don't know
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")

_PLAIN: Final = (bool, int, float)

Parts = tuple[str, ...]


def parts_of(key: str) -> Parts:
    """A key's parts: `read.memory` has two, `logs."https://ct.example/".rate` three. Raises ConfigError for what is
    none."""
    parts, at = list[str](), 0
    while (found := _PART.match(key, at)) is not None:
        at = found.end()
        parts.append(json.loads(found[0]) if found[0].startswith('"') else found[0])
        if not key.startswith(".", at):
            break
        at += 1
    if at != len(key) or len(parts) < 2:
        raise ConfigError(f'{quoted(key)} is no key; write section.key, sinks.NAME.key or logs."URL".key')
    return tuple(parts)


def key_of(parts: Parts) -> str:
    """The key that has these parts."""
    return ".".join(part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False) for part in parts)


def table_of(parts: Parts) -> Parts:
    """The table that a key is in: the section, or the named table of it."""
    return parts[:2] if is_named(parts) else parts[:1]


def is_named(parts: Parts) -> bool:
    """Whether a key is one of a table that a user named."""
    return len(parts) == 3 and parts[0] in NAMED


def header(table: Parts) -> str:
    """A table as a file has it: `[sinks.chat]`."""
    return f"[{terminal(key_of(table))}]"


def wrong_name(table: Parts) -> str:
    """What is wrong with a named table's name; empty for a good one."""
    section, name = table
    if section in CALLED and not _NAME.fullmatch(name):
        return f"{quoted(name)} is no name of a {CALLED[section]}; write a letter, then at most 31 of a-z, 0-9, _ and -"
    if section == LOGS and not _URL.fullmatch(name):
        return f'{quoted(name)} is no URL of a log; write [logs."https://ct.example/2026h1/"]'
    return ""


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A table's keys, by the names that users write; without tables in it."""
    return {field.alias or name: field for name, field in model.model_fields.items() if name not in (EACH, OWN)}


def sink_types() -> Mapping[str, type[BaseModel]]:
    """The options of each type of sink, by what `type` says."""
    return types_of(SINKS)


@cache
def types_of(section: str) -> Mapping[str, type[BaseModel]]:
    """The options of each type that a section's tables may have, by what `type` says."""
    fields = Platforms.model_fields[EACH] if section == PLATFORMS else Settings.model_fields[section]
    return {
        kind: model for model in _models(fields.annotation) for kind in get_args(model.model_fields[TYPE].annotation)
    }


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def is_type(section: str, kind: str) -> bool:
    """Whether there is such a type: ours, or of platforms another package's."""
    return kind in types_of(section) or (section == PLATFORMS and kind in installed())


def model_of(table: Parts, kind: str = "") -> type[BaseModel]:
    """The options of a named table. `kind`: its type, where it has one."""
    if table[0] == MODULES:
        return BUILT_IN.get(table[1], OtherModule)
    if table[0] == PLATFORMS and kind not in types_of(PLATFORMS):
        return PluginPlatform
    return LogOptions if table[0] == LOGS else types_of(table[0])[kind]


def keys_of(options: BaseModel) -> Iterator[tuple[str, object, FieldInfo]]:
    """Each key of a table as users write it, its value and its field; those that only a module knows, too."""
    model = type(options)
    plain = {field.alias or name: name for name, field in model.model_fields.items()}
    for name, field in fields_of(model).items():
        yield name, getattr(options, plain[name]), field
    if isinstance(options, OtherModule):
        for name, own in options.own.items():
            yield name, own.value, _field(own)


def says_secret(name: str) -> bool:
    """Whether the name of a key that only a module knows says that it is secret."""
    return _HIDDEN.search(name) is not None


def _field(own: Own) -> FieldInfo:
    """What there is to know of a key that only a module knows."""
    kinds: list[tuple[type, Any]] = [(list, tuple[str, ...]), (dict, dict[str, str]), *((one, one) for one in _PLAIN)]
    kind = next((kind for made, kind in kinds if isinstance(own.value, made)), str)
    return FieldInfo(annotation=SecretStr if own.hidden else kind, default=None)
