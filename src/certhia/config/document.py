"""A configuration file: what it holds, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from certhia.config import nodes, tokens
from certhia.config.lines import Lines, line_of, toml_lines, yaml_lines
from certhia.errors import ConfigError
from certhia.render import terminal

if TYPE_CHECKING:
    import yaml

MAX_FILE: Final = 1 << 20  # bytes
MOST_VALUES: Final = 100_000  # that YAML's aliases may make of a file


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds."""

    path: Path
    content: Mapping[str, Any]
    lines: Lines

    def at(self, *inside: str | int) -> str:
        """Where something stands, `certhia.toml:12`, as complaints begin with it; the file alone where it is not
        known."""
        return place(self.path, line_of(self.lines, inside))


def place(path: Path, line: int | None) -> str:
    """A file and a line of it."""
    return str(path) if line is None else f"{path}:{line}"


def read(path: Path) -> Document:
    """A configuration file, TOML or (.yaml, .yml) YAML. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)  # a device has no size, and no end
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}; name a file with --config") from error
    if len(raw) > MAX_FILE:
        raise ConfigError(f"{path}: is larger than {MAX_FILE >> 20} MiB; is it a configuration file?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    if path.suffix.lower() in (".yaml", ".yml"):
        content, lines = _yaml(text, str(path))
    else:
        content = tokens.parse(text, str(path))
        lines = toml_lines(text)
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must hold sections such as [watch] with keys below them")
    return Document(path, content, lines)


def _yaml(text: str, place: str) -> tuple[object, Lines]:
    node = nodes.compose(text, place)
    if node is None:
        return {}, {}
    import yaml  # noqa: PLC0415  (most people never need it)

    _check_aliases(node, place)
    try:
        return yaml.SafeLoader("").construct_document(node) or {}, yaml_lines(node)
    except yaml.YAMLError as error:
        raise nodes.not_yaml(place, error) from error
    except (ValueError, RecursionError, OverflowError, TypeError) as error:  # a date that is none, for one
        raise ConfigError(f"{place}: is not YAML: {terminal(str(error))}") from error


def _check_aliases(top: yaml.Node, place: str) -> None:
    """Raises ConfigError where aliases make more of a file than anyone would write, or contain themselves."""
    sizes: dict[int, int] = {}
    inside: set[int] = set()

    def size(node: yaml.Node) -> int:
        if not isinstance(node.value, list):
            return 1
        if id(node) in inside:
            raise ConfigError(f"{nodes.at(place, node.start_mark)}: contains itself by an alias; write it out")
        if id(node) not in sizes:
            inside.add(id(node))
            pairs = (one if isinstance(one, tuple) else (one,) for one in node.value)
            sizes[id(node)] = 1 + sum(size(one) for pair in pairs for one in pair)
            inside.discard(id(node))
        return sizes[id(node)]

    if size(top) > MOST_VALUES:
        raise ConfigError(f"{place}: its aliases make more than {MOST_VALUES:,} values of it; use fewer")
