"""In which line each key and value of a configuration file stands, by its path: `("watch", "rules", 2)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from certhia.config.tokens import tokens

if TYPE_CHECKING:
    import yaml

Path: TypeAlias = tuple[str | int, ...]
Lines: TypeAlias = Mapping[Path, int]

_END: Final = ""
_BLANK: Final = ("\n", "#")


def line_of(lines: Lines, path: Path) -> int | None:
    """The line (from 1) of the nearest thing to `path`: itself, or what it stands in; None where nothing is known."""
    for length in range(len(path), 0, -1):
        if (found := lines.get(path[:length])) is not None:
            return found
    return None


def toml_lines(source: str) -> Lines:
    """`source`: TOML that was parsed."""
    found: dict[Path, int] = {}
    for path, line in _Toml(source).statements():
        for length in range(1, len(path) + 1):  # tables that nobody wrote a header for stand where they are named first
            found.setdefault(path[:length], line)
    return found


class _Toml:
    """Goes over the tokens of a document that is known to be valid."""

    def __init__(self, source: str) -> None:
        self._tokens = tokens(source)
        self._line = self._next_line = 1
        self._now = self._text = _END
        self._step()

    def _step(self) -> None:
        self._line = self._next_line
        self._now, self._text = next(self._tokens, (_END, _END))
        self._next_line = self._line + self._now.count("\n")

    def _skip(self, *marks: str) -> None:
        while self._now and (self._now[0] in marks):
            self._step()

    def statements(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        counts: dict[Path, int] = {}
        self._skip(*_BLANK)
        while self._now:
            line = self._line
            if self._now == "[":
                self._step()
                many = self._now == "["
                self._skip("[")
                table = self._within(counts, self._key("]"))
                if many:
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                self._skip("]")
                yield table, line
            else:
                path = (*table, *self._key("="))
                self._step()
                yield path, line
                yield from self._value(path)
            self._skip(*_BLANK)

    def _within(self, counts: Mapping[Path, int], key: Path) -> Path:
        """A table's path: below a table of an array it is the last one of it."""
        path: Path = ()
        for number, part in enumerate(key):
            path = (*path, part)
            if path in counts and number < len(key) - 1:
                path = (*path, counts[path])
        return path

    def _key(self, end: str) -> Path:
        parts: list[str] = []
        while self._now and self._now != end:
            if self._now != ".":
                parts.append(self._text)
            self._step()
        return tuple(parts)

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        if self._now == "[":
            yield from self._array(path)
        elif self._now == "{":
            yield from self._inline(path)
        else:
            while self._now and self._now[0] not in ",]}\n#":
                self._step()

    def _array(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._step()
        number = 0
        self._skip(",", *_BLANK)
        while self._now and self._now != "]":
            yield (*path, number), self._line
            yield from self._value((*path, number))
            number += 1
            self._skip(",", *_BLANK)
        self._step()

    def _inline(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._step()
        self._skip(",", *_BLANK)
        while self._now and self._now != "}":
            line, inner = self._line, (*path, *self._key("="))
            self._step()
            yield inner, line
            yield from self._value(inner)
            self._skip(",", *_BLANK)
        self._step()


def yaml_lines(top: yaml.Node | None) -> Lines:
    """`top`: of a document whose nodes are bounded."""
    found: dict[Path, int] = {}
    left: list[tuple[Path, yaml.Node]] = [((), top)] if top is not None else []
    while left:
        path, node = left.pop()
        for number, one in enumerate(node.value if isinstance(node.value, list) else ()):
            key, value = one if isinstance(one, tuple) else (one, one)
            inner = (*path, number if key is value else key.value)
            found[inner] = key.start_mark.line + 1
            left.append((inner, value))
    return found
