"""The JSON Schema of a settings file, from which editors complete and check.

Draft 7, which editors' tools for TOML and YAML know. Keys that need a restart are marked with `x-restart`.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from certhia.config.keys import (
    default,
    has_file,
    inside,
    is_list,
    is_mapping,
    is_secret,
    needs_restart,
    sections,
    shown,
    written,
)
from certhia.config.modules import BUILT_IN, ModuleSection
from certhia.config.named import LOGS, MODULES, PLATFORMS, SINKS, TYPE, TYPED, fields_of, types_of
from certhia.config.settings import LogOptions

Json = dict[str, Any]

_VARIABLE: Final[Json] = {"type": "string", "pattern": r"\$\{"}  # `${VAR}` may stand for anything
_PATTERNS: Final = {
    "duration": r"^\s*(\d+(\.\d+)?|(\d+(\.\d+)?\s*(ms|min|[smhdw])\s*)+)\s*$|\$\{",
    "size": r"^\s*\d+(\.\d+)?\s*([kKMG]i?)?B?\s*$|\$\{",
    "bandwidth": r"^\s*\d+(\.\d+)?\s*([kKMG]i?)?(B|bit)?\s*(/s|ps)?\s*$|\$\{",
}
_NUMBERS: Final = ("duration", "size", "bandwidth", "point", "backlog", "address")


def schema() -> Json:
    """All keys, those of tables that users name too."""
    tables = {section: _table(model) for section, model in sections().items()}
    tables[LOGS]["patternProperties"] = {"^https?://": _table(LogOptions)}
    tables[SINKS] = {
        "type": "object",
        "description": "Where matches are sent: tables with names of your choice",
        **_named(SINKS, {}),
        "additionalProperties": False,
    }
    tables[MODULES]["properties"] |= {name: _table(model) for name, model in BUILT_IN.items()}
    # What keys a module has that isn't built in, it alone knows.
    tables[MODULES]["patternProperties"] = {
        f"^(?!({'|'.join(tables[MODULES]['properties'])})$)[a-z][a-z0-9_-]{{0,31}}$": {
            **_table(ModuleSection),
            "additionalProperties": True,
        }
    }
    tables[PLATFORMS] |= _named(PLATFORMS, tables[PLATFORMS]["properties"])
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Certhia",
        "description": "A settings file of certhia: TOML or YAML",
        "type": "object",
        "properties": tables,
        "additionalProperties": False,
        "definitions": {
            _definition(section, kind): _typed(section, kind, model)
            for section in TYPED
            for kind, model in types_of(section).items()
        },
    }


def _named(section: str, keys: Json) -> Json:
    """The tables of a section that has such, beside its keys."""
    kinds = {kind: {"$ref": f"#/definitions/{_definition(section, kind)}"} for kind in types_of(section)}
    others = "|".join((*kinds, *keys))
    return {
        # A table that is called like its type needs none.
        "properties": {**keys, **kinds},
        "patternProperties": {
            f"^(?!({others})$)[a-z][a-z0-9_-]{{0,31}}$": {"oneOf": [*kinds.values()], "required": [TYPE]}
        },
    }


def _definition(section: str, kind: str) -> str:
    return kind if section == SINKS else f"{section}-{kind}"


def _typed(section: str, kind: str, model: type[BaseModel]) -> Json:
    table = _table(model)
    table["properties"][TYPE] = {"const": kind, "description": f"What kind of {TYPED[section]} it is"}
    needed = [name for name, field in fields_of(model).items() if field.is_required()]
    in_file = [name for name in needed if is_secret(model.model_fields[name])]
    return {**table, "required": [name for name in needed if name not in in_file]} if needed else table


def _table(model: type[BaseModel]) -> Json:
    keys: Json = {}
    for name, field in fields_of(model).items():
        keys[name] = _key(field)
        if has_file(field) and f"{name}_file" not in fields_of(model):
            keys[f"{name}_file"] = {"type": "string", "description": f"File that holds `{name}`"}
    return {
        "type": "object",
        "description": _plain(model.__doc__ or ""),
        "properties": keys,
        "additionalProperties": False,
    }


def _key(field: FieldInfo) -> Json:
    """What one key takes: as the settings do, texts of numbers too."""
    one = _value(field)
    key: Json = {"anyOf": [{"type": "array", "items": one, **_lengths(field)}, one]} if is_list(field) else one
    if is_mapping(field):
        key = {"type": "object", "additionalProperties": {"type": "string"}}
    key = {**key, "description": _plain(field.description or "")}
    if needs_restart(field):
        key["x-restart"] = True
        key["description"] += " (a change needs a restart)"
    if not is_secret(field) and not field.is_required() and (text := default(field)):
        plain = field.default if isinstance(field.default, bool | int | float | str) else None
        key["default"] = plain if shown(plain, field) == text and _is_plain(field) else text
        if is_list(field):
            key["default"] = [shown(value, field) for value in field.default]
    return key


def _value(field: FieldInfo) -> Json:
    how = written(field).removeprefix("list of ")
    types = list(inside(field.annotation))
    if choices := [choice for one in types if get_origin(one) is Literal for choice in get_args(one)]:
        return {"anyOf": [{"enum": choices}, _VARIABLE]} if is_list(field) else {"enum": choices}
    if how in _PATTERNS:
        return {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": _PATTERNS[how]}]}
    if how in _NUMBERS:
        return {"type": ["string", "integer"]}
    if bool in types:
        return {"anyOf": [{"type": "boolean"}, _VARIABLE]}
    if int in types or float in types:
        number: Json = {"type": "integer" if float not in types else "number", **_bounds(field)}
        return {"anyOf": [number, _VARIABLE]}
    return {"type": "string"}


def _bounds(field: FieldInfo) -> Json:
    bounds: Json = {}
    for one in field.metadata:
        match one:
            case Ge(ge=least):
                bounds["minimum"] = least
            case Gt(gt=least):
                bounds["exclusiveMinimum"] = least
            case Le(le=most):
                bounds["maximum"] = most
            case Lt(lt=most):
                bounds["exclusiveMaximum"] = most
    return bounds


def _lengths(field: FieldInfo) -> Json:
    lengths: Json = {}
    for one in field.metadata:
        if isinstance(one, MinLen):
            lengths["minItems"] = one.min_length
        elif isinstance(one, MaxLen):
            lengths["maxItems"] = one.max_length
    return lengths


def _is_plain(field: FieldInfo) -> bool:
    return written(field) in ("number", "true or false", "text")


def _plain(text: str) -> str:
    """A description without the marks of Markdown."""
    return re.sub(r"\s+", " ", text.replace("`", "")).strip()
