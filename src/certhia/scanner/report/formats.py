"""The shapes in which results are written as they come, and which shape a file's name asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final

from certhia import render
from certhia.errors import ConfigError
from certhia.scanner.records import Result
from certhia.scanner.report import csv, human
from certhia.scanner.report.leaf import Leaf
from certhia.scanner.report.line import Lines
from certhia.scanner.targets import Block, TargetError, read_target

STREAMED: Final = ("jsonl", "csv", "domains", "human", "silent")
WHOLE: Final = ("tlsxtractor", "json")  # one document, written at the end; `json` is what TLSXtractor calls its own
_BY_SUFFIX: Final = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".txt": "domains", ".json": "tlsxtractor"}
REMEMBERED: Final = 1_000_000  # names that are told once; beyond it, one may come again


def of(path: Path, instead: str | None = None) -> str:
    """The format that a file's name asks for: .jsonl, .ndjson, .csv, .txt (names) or .json (TLSXtractor's document);
    else `instead`. Raises ConfigError where there is none."""
    name = _BY_SUFFIX.get(path.suffix.lower()) or instead
    if name is None or name == "silent":
        known = ", ".join(_BY_SUFFIX)
        raise ConfigError(f"{render.quoted(str(path))}: its name does not say how to write it; end it in {known}")
    return name


def header(name: str) -> str:
    """What a new output of that format begins with, newline included; mostly empty."""
    return csv.HEADER if name == "csv" else ""


@lru_cache(maxsize=4096)
def _is_range(origin: str) -> bool:
    """Whether what the user wrote is more than one address."""
    try:
        written = read_target(origin)
    except TargetError:
        return False
    return isinstance(written, Block) and written.first != written.last


class Texts:
    """Makes the text of results in one format. Not for two threads at once."""

    def __init__(self, name: str, leaf: Callable[[bytes], Leaf | None], *, color: bool = False) -> None:
        """`name`: one of `STREAMED`. `leaf`: see `leaves`. `color`: for `human`, whether to use the terminal's."""
        self._leaf = leaf
        self._color = color
        self._lines = Lines()
        self._told: dict[str, None] = {}
        self._json = name == "jsonl"
        self._text = {"csv": self._row, "domains": self._domains, "human": self._human}.get(name)

    def remember(self, names: Iterable[str]) -> None:
        """Names that were told before, by an earlier run."""
        self._told |= dict.fromkeys(islice(names, REMEMBERED))

    def of(self, results: Sequence[Result]) -> str:
        """All of them, newlines included; empty for `silent`."""
        if self._json:
            return self._lines.lines(results)
        return "" if self._text is None else "".join(map(self._text, results))

    def _row(self, result: Result) -> str:
        return csv.row(result, self._of(result))

    def _human(self, result: Result) -> str:
        """Addresses of a range where nothing is are left to the summary: they would be nearly all."""
        target = result.target
        if result.served is None and target.host is None and _is_range(target.origin):
            return ""
        return human.line(result, self._of(result), color=self._color)

    def _of(self, result: Result) -> Leaf | None:
        served = result.served
        return self._leaf(served.certificates[0]) if served is not None and served.certificates else None

    def _domains(self, result: Result) -> str:
        """Names that were not told before, one a line."""
        new = [one.name for one in result.names if one.name not in self._told]
        if not new:
            return ""
        if len(self._told) > REMEMBERED:
            self._told.clear()
        self._told |= dict.fromkeys(new)
        return "".join(f"{render.terminal(name)}\n" for name in dict.fromkeys(new))
