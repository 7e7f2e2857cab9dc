"""JSON Schema of events, and their reference: both from `certhia.events.types`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from certhia.events.types import BODIES, Body

_PLAIN: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of one event, as a line of `certhia events --format json` has it."""
    text = {"type": "string"}
    fields_: dict[str, dict[str, object]] = {
        "id": {**text, "format": "uuid", "description": "UUID of version 7: sorts by time"},
        "type": {**text, "description": "What happened"},
        "timestamp": {**text, "format": "date-time", "description": "When, RFC 3339 in UTC"},
        "source": {**text, "description": "Who says so: watch, serve, scan, modules, ..."},
        "data": {"type": "object", "description": "What there is to say, by the type"},
        "metadata": {
            "type": "object",
            "properties": {
                "correlation_id": {**text, "description": "Id of the match or scan that it belongs to; empty for none"},
                "version": {"type": "integer", "description": "Of the data's fields"},
            },
            "required": ["correlation_id", "version"],
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Certhia event",
        "description": "Something that happened",
        "type": "object",
        "properties": fields_,
        "required": [*fields_],
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"properties": {"type": {"const": one.type}}},
                "then": {"properties": {"data": {"$ref": f"#/$defs/{one.type}"}}},
            }
            for one in BODIES
        ],
        "$defs": {one.type: _body(one) for one in BODIES},
    }


def reference() -> str:
    """One table a type, Markdown."""
    out = []
    for one in BODIES:
        out.append(f"### `{one.type}`\n\n{_says(one)} Version {one.form}.\n\n| field | type | |\n|---|---|---|\n")
        described = _fields(one)
        out.append("".join(f"| `{name}` | {_word(value)} | {_about(value)} |\n" for name, value in described.items()))
        out.append("\n")
    return "".join(out).rstrip()


def _body(kind: type[Body]) -> dict[str, object]:
    described = _fields(kind)
    required = [field.name for field in fields(kind) if field.default is MISSING]  # type: ignore[arg-type]
    return {
        "description": _says(kind),
        "type": "object",
        "properties": described,
        "required": required,
    }


def _fields(kind: type[Body]) -> dict[str, dict[str, object]]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: _described(hints[field.name]) for field in fields(kind)}  # type: ignore[arg-type]


def _described(hint: Any) -> dict[str, object]:
    if get_origin(hint) is not Annotated:
        return _type(hint)
    inner, about = get_args(hint)
    return {**_type(inner), "description": about[:1].upper() + about[1:]}


def _type(hint: Any) -> dict[str, object]:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (one,) = [each for each in inner if each is not NoneType]
        found = _type(one)
        return {**found, "type": [found["type"], "null"]}
    if origin is Literal:
        return {"type": "string", "enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _type(inner[0])}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object"}
    return {"type": _PLAIN[hint]}


def _word(described: Mapping[str, object]) -> str:
    kind = described["type"]
    if isinstance(kind, list):
        return f"{kind[0]} or null"
    if kind == "array":
        items = described["items"]
        assert isinstance(items, Mapping)
        return f"array of {items['type']}s"
    return str(kind)


def _about(described: Mapping[str, object]) -> str:
    return str(described.get("description", ""))


def _says(kind: type[Body]) -> str:
    return " ".join((kind.__doc__ or "").split())
