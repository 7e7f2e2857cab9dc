"""A file to start from: what to watch, then every other key with its default, commented out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from certhia.config import toml
from certhia.config.keys import is_list, is_secret, needs_restart, sections, written
from certhia.config.modules import BUILT_IN, ModuleSection
from certhia.config.named import LOGS, MODULES, PLATFORMS, SINKS, TYPE, fields_of, types_of
from certhia.config.settings import LogOptions

WIDTH: Final = 100
SCHEMA: Final = "certhia.schema.json"  # what the file of the schema is called beside it

_HEAD: Final = """\
# Settings of Certhia. Every key is here, with its default; nothing needs to be set but what to watch.
#
# Options of the command line come before variables (CERTHIA_READ__MEMORY=32MB), those before this file. In this file
# ${VAR} and ${VAR:-default} stand for variables; relative paths start from its directory.
# `certhia config check` tells all that is wrong with it, `certhia config show` what holds and why.
"""
_RULES: Final = '"example.com"'
_LOG: Final = "https://ct.example.com/2026h1/"


def start(*, yaml: bool = False) -> str:
    """The file, TOML or YAML."""
    return "\n".join(_lines(_Yaml() if yaml else _Toml())) + "\n"


class _Toml:
    """How TOML is written."""

    first = f"#:schema ./{SCHEMA}"

    def table(self, *names: str) -> list[str]:
        """A table that holds."""
        return [f"[{names[0]}]"]

    def commented(self, section: str, name: str) -> list[str]:
        """A table that is commented out."""
        return [f"# [{section}.{name}]"]

    def key(self, depth: int, text: str) -> str:
        """A line in a table."""
        del depth
        return text

    def pair(self, name: str, value: str) -> str:
        """A key with its value."""
        return f"{name} = {value}"


class _Yaml(_Toml):
    """How YAML is written. Its flow style takes TOML's values as they are."""

    first = f"# yaml-language-server: $schema=./{SCHEMA}"

    def table(self, *names: str) -> list[str]:
        return [f"{names[0]}:"]

    def commented(self, section: str, name: str) -> list[str]:
        above = [] if section in (LOGS, MODULES, PLATFORMS) else [f"# {section}:"]
        return [*above, f"#   {name}:"]

    def key(self, depth: int, text: str) -> str:
        return f"  {text}" if depth == 1 else f"#     {text.removeprefix('# ')}"

    def pair(self, name: str, value: str) -> str:
        return f"{name}: {value}"


def _lines(how: _Toml) -> Iterator[str]:
    yield from (how.first, _HEAD)
    for section, model in sections().items():
        yield from (f"# {model.__doc__}", *how.table(section))
        for name, field in fields_of(model).items():
            yield from (how.key(1, line) for line in _about(field))
            if (section, name) == ("watch", "rules"):
                yield how.key(1, how.pair(name, f"[{_RULES}]"))
            else:
                yield how.key(1, f"# {how.pair(name, _example(field))}")
        yield ""
        if section == LOGS:
            yield from _commented(how, LogOptions, section, toml.text(_LOG))
        if section == MODULES:
            for module, own in BUILT_IN.items():
                yield from _commented(how, own, section, module)
            yield from _commented(how, ModuleSection, section, "my-module")
        if section == PLATFORMS:
            for kind, each in types_of(section).items():
                yield from _commented(how, each, section, f"my-{kind}", kind)
    for kind, model in types_of(SINKS).items():
        yield from _commented(how, model, SINKS, f"my-{kind}", kind)


def _commented(how: _Toml, model: type[BaseModel], section: str, name: str, kind: str = "") -> Iterator[str]:
    """A table that is commented out as a whole."""
    yield from (f"# {' '.join((model.__doc__ or '').split())}", *how.commented(section, name))
    if kind:
        yield how.key(2, f"# {how.pair(TYPE, toml.text(kind))}")
    for key, field in fields_of(model).items():
        if key != TYPE:
            yield from (how.key(2, line) for line in _about(field))
            yield how.key(2, f"# {how.pair(key, _example(field))}")
    yield ""


def _about(field: FieldInfo) -> list[str]:
    about = f"{(field.description or '').replace('`', '')}."
    if needs_restart(field):
        about += " A change needs a restart."
    return textwrap.wrap(about, WIDTH, initial_indent="## ", subsequent_indent="## ")


def _example(field: FieldInfo) -> str:
    """Its default; how it is written where there is none."""
    if is_secret(field):
        return '["${VARIABLE}"]' if is_list(field) else '"${VARIABLE}"'
    if field.is_required() or field.default is None:
        text = toml.text(f"({written(field).removeprefix('list of ').replace('`', '')})")
        return f"[{text}]" if is_list(field) else text
    return toml.value(field.default, field)
