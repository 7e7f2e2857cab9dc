"""TOML and YAML documents with line and column of each text, so that a complaint can say where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from certhia import render
from certhia.config import nodes, tokens
from certhia.errors import ConfigError
from certhia.rules.lines import opened, unreadable

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
        with opened(path) as file:
            raw = file.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(raw) > MAX_DOCUMENT:
        raise ConfigError(f"{path}: is larger than {MAX_DOCUMENT >> 20} MiB; write it as plain rules, one a line")
    try:
        source = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    if path.suffix.lower() == ".toml":
        return _Lines(source).place(tokens.parse(source, str(path)))
    return _Nodes(path).read(nodes.compose(source, str(path)))


class _Lines:
    """Gives TOML's texts their places: tomllib does not say where they stood."""

    def __init__(self, source: str) -> None:
        self._places = tokens.Places(source)

    def place(self, value: object) -> object:
        if isinstance(value, dict):
            return {self._find(key): self.place(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.place(inner) for inner in value]
        return self._find(value) if isinstance(value, str) else value

    def _find(self, text: str) -> Text:
        return Text(text, *self._places.find(text))


class _Nodes:
    """YAML nodes to plain values. Aliases are followed, up to a bound."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = MAX_NODES

    def read(self, node: yaml.Node | None, depth: int = 0) -> object:
        self._left -= 1
        if self._left < 0:
            raise ConfigError(f"{self._path}: its aliases make it larger than {MAX_NODES} values; write them out")
        if node is None:
            return None
        if depth > nodes.MAX_NESTING:  # by aliases, to itself for one
            raise nodes.too_deep(nodes.at(str(self._path), node.start_mark))
        if isinstance(node.value, str):
            mark, quoted = node.start_mark, getattr(node, "style", None) in ("'", '"')
            if node.tag.startswith("!") and node.tag != "!":
                place = nodes.at(str(self._path), mark)
                tag = render.quoted(node.tag)
                raise ConfigError(f"{place}: {tag} is a tag to YAML; what begins with ! needs quotes: {tag}")
            return Text(node.value, mark.line + 1, mark.column + 1 + quoted)
        # A sequence's value is a list of nodes, a mapping's one of pairs of them.
        if not any(isinstance(inner, tuple) for inner in node.value):
            return {} if "map" in node.tag else [self.read(inner, depth + 1) for inner in node.value]
        return {self.read(key): self.read(value, depth + 1) for key, value in node.value}
