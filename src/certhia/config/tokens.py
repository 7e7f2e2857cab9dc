"""TOML's keys and texts with their places, and its nesting bounded before it is parsed.

tomllib does not say where a text stood, and takes the square of a dotted key's length.
"""

from __future__ import annotations

import re
import tomllib
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from certhia import render
from certhia.config.nodes import MAX_NESTING, too_deep
from certhia.errors import ConfigError

# Comments first, then strings (TOML 1.0: an unclosed one is left to tomllib), then what keys and nesting are made of.
_TOKEN: Final = re.compile(
    r"#[^\n]*+"
    r'|"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}|\Z)'
    r"|'''(?:[^']++|'(?!''))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]++|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|[A-Za-z0-9_-]++|[.\[\]{}]|[=,\n]",
    re.DOTALL,
)


def parse(source: str, place: str) -> dict[str, Any]:
    """The document. `place`: the file's name, for people. Raises ConfigError, with line and column where they are
    known."""
    _check_nesting(source, place)
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        where = f"{place}:{found[1]}:{found[2]}" if found else place
        raise ConfigError(f"{where}: is not TOML: {render.terminal(str(error))}") from error
    except (ValueError, RecursionError, OverflowError) as error:  # a number of 5,000 digits, for one
        raise ConfigError(f"{place}: is not TOML: {render.terminal(str(error))}") from error


def tokens(source: str) -> Iterator[tuple[str, str]]:
    """What keys, strings and brackets TOML that was parsed is made of: each as it stands, and the text that it stands
    for."""
    return ((token[0], _text(token[0])[1]) for token in _TOKEN.finditer(source))


class Places:
    """Where keys and texts stand, asked for in the order in which they do."""

    def __init__(self, source: str) -> None:
        """`source`: TOML that was parsed."""
        self._places: dict[str, deque[int]] = {}
        self._source = source
        self._at = 0
        self._line = 1
        for token in _TOKEN.finditer(source):
            first = token[0][0]
            if first not in "#.[]{}=,\n":
                begin, text = _text(token[0])
                self._places.setdefault(text, deque()).append(token.start() + begin)

    def find(self, text: str) -> tuple[int, int]:
        """Line and column (from 1) of the next such text; zeros where there is none behind the last one found: tables
        may be written in another order than they are read in."""
        places = self._places.get(text, deque())
        while places and places[0] < self._at:
            places.popleft()
        if not places:
            return 0, 0
        found = places.popleft()
        self._line += self._source.count("\n", self._at, found)
        self._at = found
        return self._line, found - self._source.rfind("\n", 0, found)


def _text(token: str) -> tuple[int, str]:
    """What a key or string stands for, and how far behind its beginning that begins."""
    quotes = 3 if token.startswith(('"""', "'''")) else token[0] in "\"'"
    if not quotes:
        return 0, token
    if quotes == 1 and "\\" not in token:
        return 1, token[1:-1]
    try:
        return int(quotes), str(tomllib.loads(f"x = {token}")["x"])
    except ValueError:
        return int(quotes), token


def _check_nesting(source: str, place: str) -> None:
    depth = dots = 0
    for token in _TOKEN.finditer(source):
        first = token[0][0]
        if first in "[{":
            depth += 1
        elif first in "]}":
            depth = max(0, depth - 1)
        dots = dots + 1 if first == "." else 0 if first in "[]{}=,\n#" else dots
        if depth + dots > MAX_NESTING:
            begin = token.start()
            line, column = source.count("\n", 0, begin) + 1, begin - source.rfind("\n", 0, begin)
            raise too_deep(f"{place}:{line}:{column}")
