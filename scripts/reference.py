"""Writes the parts of docs/reference that follow from the code: commands, configuration, match fields, bounds, metrics.

Run by `make reference`; tests/test_docs.py checks that nothing is left to write.
"""

from __future__ import annotations

import importlib
import itertools
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import typer

from certhia import config
from certhia.cli.app import app
from certhia.events import schema as events
from certhia.metrics.names import METRICS
from certhia.scanner.report import csv as scan_csv
from certhia.scanner.report import schema as scan_schema
from certhia.sinks.csv import COLUMNS
from certhia.sinks.schema import schema

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
HIDDEN = {"--install-completion", "--show-completion", "--help"}


def commands() -> list[tuple[str, Any]]:
    """Every command by its full name (`watch`, `schema match`), as the parser has it."""
    root = typer.main.get_command(app)
    return list(_walk(root, ""))


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child, inner in children.items():
        if not inner.hidden:
            yield from _walk(inner, f"{name} {child}".strip())


def options(command: Any) -> list[Any]:
    """A command's options, without those that every command has."""
    return [one for one in command.params if one.param_type_name == "option" and HIDDEN.isdisjoint(one.opts)]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _value(option: Any) -> str:
    """What stands behind the option: ` FILE`, or nothing for a switch."""
    if option.is_flag or option.count:
        return ""
    name = option.metavar or max(option.opts, key=len).rpartition("-")[2].upper()
    return f" {name.replace('|', ' or ')}"


def cli() -> str:
    """All commands with their arguments and options."""
    lines = []
    for name, command in commands():
        lines += [f"## certhia {name}", "", command.help or "", ""]
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        written = [str(one.metavar or one.name.upper()) for one in arguments]
        lines += [f"    certhia {' '.join([name, '[OPTIONS]', *written])}", ""]
        rows = [f"| `{_cell(text)}` | {_cell(one.help or '')} |" for text, one in zip(written, arguments, strict=True)]
        for one in options(command):
            names = ", ".join(f"`{text}{_value(one)}`" for text in sorted((*one.opts, *one.secondary_opts), key=len))
            rows.append(f"| {names} | {_cell(one.help or '')} |")
        if rows:
            lines += ["| argument or option | |", "|---|---|", *rows, ""]
    return "\n".join(lines).strip()


def configuration() -> str:
    """All settings, from the model."""
    return config.reference().strip()


def _properties(properties: dict[str, Any]) -> list[str]:
    """A table of a JSON Schema's properties."""
    lines = ["| field | type | |", "|---|---|---|"]
    for name, what in properties.items():
        kind = what["type"] if isinstance(what["type"], str) else " or ".join(what["type"])
        lines.append(f"| `{name}` | {kind} | {_cell(what['description'])} |")
    return lines


def match() -> str:
    """The fields of a match as JSON has them, then the columns of CSV."""
    properties: dict[str, Any] = schema()["properties"]  # type: ignore[assignment]
    lines = [*_properties(properties), "", "Each of `rules` has", ""]
    lines += _properties(properties["rules"]["items"]["properties"])
    lines += ["", "CSV has these columns, in this order:", "", ", ".join(f"`{column}`" for column in COLUMNS)]
    return "\n".join(lines)


def scan() -> str:
    """The keys of a scan's result as JSON has them, then the columns of CSV."""
    columns = ", ".join(f"`{column}`" for column in scan_csv.COLUMNS)
    several = "Several values in one are joined with `;`; a `;` inside a value is `\\x3b`."
    return f"{scan_schema.reference()}\nCSV has these columns, in this order:\n\n{columns}\n\n{several}"


class Limit(NamedTuple):
    """A row of limits.tsv: what is bounded, where its bound stands, what that counts, the test that shows it."""

    section: str
    what: str
    place: str  # a module's name, or PATH NAME of a Rust file
    unit: str
    test: str


def bounds() -> list[Limit]:
    """All rows of limits.tsv."""
    lines = Path(__file__).with_name("limits.tsv").read_text(encoding="utf-8").splitlines()
    return [Limit(*line.split("\t")) for line in lines[1:]]


def _constant(place: str) -> int:
    """The value of a constant: of a module, or of a Rust file as `PATH NAME`."""
    path, _, name = place.partition(" ")
    if not name:
        module, _, name = place.rpartition(".")
        return int(getattr(importlib.import_module(module), name))
    text = (REFERENCE.parent.parent / path).read_text(encoding="utf-8")
    found = re.search(rf"const {name}: \w+ = (\w+)(?: << (\d+))?;", text)
    if found is None:
        raise LookupError(f"{place}: there is no such constant; mend scripts/limits.tsv")
    return int(found[1].replace("_", "")) << int(found[2] or 0)


def _amount(number: int, unit: str) -> str:
    for size, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if unit.startswith("bytes") and number % size == 0:
            return f"{number // size} {name}{unit.removeprefix('bytes')}"
    return f"{number:,} {unit}".strip()


def limits() -> str:
    """All bounds, a table for each section."""
    lines = []
    for title, rows in itertools.groupby(bounds(), lambda one: one.section):
        lines += [f"## {title}", "", "| what | most | where | shown by |", "|---|---|---|---|"]
        lines += [
            f"| {one.what} | {_amount(_constant(one.place), one.unit)} | `{one.place}` | `{one.test}` |" for one in rows
        ]
        lines.append("")
    return "\n".join(lines).strip()


def metrics() -> str:
    """All metrics of `/metrics`."""
    lines = ["| metric | type | labels | |", "|---|---|---|---|"]
    for name, one in METRICS.items():
        kind, labels = one.type, ", ".join(f"`{label}`" for label in one.labels)
        lines.append(f"| `{name}` | {kind} | {labels} | {_cell(one.help)} |")
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    "cli": cli,
    "configuration": configuration,
    "match": match,
    "events": events.reference,
    "scan": scan,
    "limits": limits,
    "metrics": metrics,
}


def written(name: str) -> tuple[str, str]:
    """The text of docs/reference/NAME.md as it is, and as it should be."""
    path = REFERENCE / f"{name}.md"
    now = path.read_text(encoding="utf-8")
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    body = f"{begin}\n\n{PARTS[name]()}\n\n{end}"
    return now, re.sub(f"{re.escape(begin)}.*{re.escape(end)}", lambda _: body, now, flags=re.DOTALL)


def main() -> None:
    """Writes what differs."""
    for name in PARTS:
        now, new = written(name)
        if now != new:
            (REFERENCE / f"{name}.md").write_text(new, encoding="utf-8")
            sys.stdout.write(f"docs/reference/{name}.md written\n")


if __name__ == "__main__":
    main()
