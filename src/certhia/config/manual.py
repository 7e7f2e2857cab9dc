"""The reference of all keys, that the docs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from certhia.config.keys import default, needs_restart, sections, variable, written
from certhia.config.modules import BUILT_IN, ModuleSection
from certhia.config.named import fields_of, types_of
from certhia.config.platforms import PlatformSection
from certhia.config.settings import LogOptions
from certhia.config.sinks import SinkSection


def reference() -> str:
    """All keys as Markdown tables, one a section: name, type, default, environment variable and meaning."""
    lines: list[str] = []
    for section, model in sections().items():
        lines += _section(f"[{section}]", model, f"{section}.")
        if section == "logs":
            lines += _section('[logs."URL"]', LogOptions, "")
        if section == "platforms":
            lines += _typed(section, PlatformSection)
        if section == "modules":
            lines += _section("[modules.NAME]", ModuleSection, "modules.NAME.")
            for name, own in BUILT_IN.items():
                about = _keys(own, f"modules.{name}.", without=fields_of(ModuleSection))
                lines += [f"### [modules.{name}]", "", own.__doc__ or "", "", *about, ""]
    lines += _typed("sinks", SinkSection)
    return "\n".join(lines)


def _typed(section: str, shared: type[BaseModel]) -> list[str]:
    """Tables that users name: what all of them have, then each type."""
    prefix = f"{section}.NAME."
    lines = _section(f"[{section}.NAME]", shared, prefix)
    for kind, model in types_of(section).items():
        about = _keys(model, prefix, without=fields_of(shared))
        lines += [f'### type = "{kind}"', "", model.__doc__ or "", "", *about, ""]
    return lines


def _section(title: str, model: type[BaseModel], prefix: str) -> list[str]:
    return [f"## {title}", "", model.__doc__ or "", "", *_keys(model, prefix), ""]


def _keys(model: type[BaseModel], prefix: str, without: Mapping[str, FieldInfo] | None = None) -> Iterator[str]:
    """`prefix`: what stands before a key's name in its full name; empty where no variable can be called like it.
    `without`: keys that are told of elsewhere, unless they differ here."""
    before = without or {}
    yield f"| key | type | default |{' environment |' if prefix else ''} meaning |"
    yield f"|---|---|---|{'---|' if prefix else ''}---|"
    for name, field in fields_of(model).items():
        if name == "type" or (name in before and before[name].default == field.default):
            continue
        shown = "needed" if field.is_required() else f"`{default(field)}`" if default(field) else ""
        cells = [f"`{name}`", written(field), shown, *([f"`{variable(prefix + name)}`"] if prefix else [])]
        restart = "; a change needs a restart" if needs_restart(field) else ""
        yield f"| {' | '.join(cells)} | {field.description}{restart} |"
