"""TOML and YAML documents with line and column of each text, so that a complaint can say where."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from certhia import render
from certhia.errors import ConfigError
from certhia.rules.lines import unreadable

if TYPE_CHECKING:
    import yaml

MAX_DOCUMENT = 16 << 20  # bytes: these parsers take a hundred times as long as reading lines does
MAX_NODES = 10_000_000  # what YAML aliases may multiply a document to


class Text(str):
    """A text, and line and column (from 1) where it begins; 0 where that is not known."""

    __slots__ = ("column", "line")

    line: int
    column: int

    def __new__(cls, value: str, line: int = 0, column: int = 0) -> Text:
        text = super().__new__(cls, value)
        text.line = line
        text.column = column
        return text


def read_document(path: Path) -> object:
    """The document's mappings, lists and texts; keys and texts are `Text`. Scalars of other kinds are texts in YAML (as
    written: `no` stays "no") and themselves in TOML. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(raw) > MAX_DOCUMENT:
        raise ConfigError(f"{path}: is larger than {MAX_DOCUMENT >> 20} MiB; write it as plain rules, one a line")
    try:
        source = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    try:
        return _toml(path, source) if path.suffix.lower() == ".toml" else _yaml(path, source)
    except RecursionError as error:
        raise ConfigError(f"{path}: is nested too deep; programmes are lists in a mapping") from error


def _toml(path: Path, source: str) -> object:
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        line = f":{at[1]}:{at[2]}" if at else ""
        raise ConfigError(f"{path}{line}: is not TOML: {render.terminal(str(error))}") from error
    return _Lines(source).place(document)


class _Lines:
    """Finds TOML's texts again in the source, in order: tomllib does not say where they stood."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._line = 1

    def place(self, value: object) -> object:
        if isinstance(value, dict):
            return {self._find(key): self.place(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.place(inner) for inner in value]
        return self._find(value) if isinstance(value, str) else value

    def _find(self, text: str) -> Text:
        # Tables may be written in another order than they are read in, and texts with escapes: then the line stays
        # unknown, and the complaint names the key alone.
        found = self._source.find(text, self._at, self._at + (1 << 16))
        if not text or found < 0:
            return Text(text)
        self._line += self._source.count("\n", self._at, found)
        self._at = found
        return Text(text, self._line, found - self._source.rfind("\n", 0, found))


def _yaml(path: Path, source: str) -> object:
    import yaml  # noqa: PLC0415  (most people never need it)

    loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Nodes(path).read(yaml.compose(source, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or str(error)
        if error.context and "alias" in error.context:
            what += '; what begins with a star needs quotes: "*.example.com"'
        line = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: is not YAML: {render.terminal(what)}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not YAML: {render.terminal(' '.join(str(error).split()))}") from error


class _Nodes:
    """YAML nodes to plain values. Aliases are followed, up to a bound."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = MAX_NODES

    def read(self, node: yaml.Node | None) -> object:
        self._left -= 1
        if self._left < 0:
            raise ConfigError(f"{self._path}: its aliases make it larger than {MAX_NODES} values; write them out")
        if node is None:
            return None
        if isinstance(node.value, str):
            mark, quoted = node.start_mark, getattr(node, "style", None) in ("'", '"')
            if node.tag.startswith("!") and node.tag != "!":
                place = f"{self._path}:{mark.line + 1}:{mark.column + 1}"
                tag = render.quoted(node.tag)
                raise ConfigError(f"{place}: {tag} is a tag to YAML; what begins with ! needs quotes: {tag}")
            return Text(node.value, mark.line + 1, mark.column + 1 + quoted)
        # A sequence's value is a list of nodes, a mapping's one of pairs of them.
        if not any(isinstance(inner, tuple) for inner in node.value):
            return {} if "map" in node.tag else [self.read(inner) for inner in node.value]
        return {self.read(key): self.read(value) for key, value in node.value if isinstance(key.value, str)}
