"""Files of rules: one rule a line, or programmes in TOML or YAML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from certhia import render
from certhia.errors import ConfigError
from certhia.rules import hosts
from certhia.rules.gathering import Gathering
from certhia.rules.language import parse_rule
from certhia.rules.lines import MAX_LINE, read_chunks
from certhia.rules.programmes import read_programmes

SHOWN: Final = 20  # problems of a file that are told at once
MAX_WIDE: Final = 10  # lines of a file that notices name

_STRUCTURED = frozenset((".toml", ".yaml", ".yml"))


def read_file(path: Path, into: Gathering) -> None:
    """Adds the rules of a file: programmes where its name ends in .toml, .yaml or .yml, else one rule a line, with `#`
    comments. UTF-8, with or without a byte order mark, lines ended by LF or CRLF.

    What is wrong in it is added to the gathering's problems, each with file, line and column. Raises ConfigError for a
    file that can't be read at all.
    """
    if path.suffix.lower() in _STRUCTURED:
        read_programmes(path, into)
    else:
        _Plain(path, into).read()


class _Plain:
    """One file of plain rules: the core reads the lines that it can, Python the others."""

    def __init__(self, path: Path, into: Gathering) -> None:
        self._path = path
        self._into = into
        self._problems = 0
        self._wide = 0

    def read(self) -> None:
        before = 0  # lines in earlier chunks
        for chunk in read_chunks(self._path):
            read = self._into.add_lines(chunk)
            for number, raw in read.odd:
                if problem := self._odd(raw):
                    column, text = problem
                    self._complain(before + number, _indent(chunk, number) + column, text)
                    if self._problems > SHOWN:
                        return
            self._notice(chunk, before, read.wide)
            before += chunk.count(b"\n")
        if self._wide > MAX_WIDE:
            self._into.notices.append(
                f"{self._path}: {self._wide - MAX_WIDE} more lines are suffixes like com or co.uk"
            )

    def _odd(self, raw: bytes) -> tuple[int, str] | None:
        """Adds the rule of a line; else gives the column and what is wrong."""
        if len(raw) > MAX_LINE:
            return 1, f"the line is longer than {MAX_LINE} bytes; write one rule a line"
        try:
            self._into.add(parse_rule(raw.decode(), suffixes=self._into.suffixes))
        except UnicodeDecodeError as error:
            shown = render.quoted(raw[:40].decode("latin-1"))
            column = len(raw[: error.start].decode(errors="replace")) + 1
            return column, f"{shown} is not UTF-8; save it as UTF-8"
        except ConfigError as error:
            return getattr(error, "column", 1), str(error)
        return None

    def _complain(self, line: int, column: int, what: str) -> None:
        self._problems += 1
        more = f"{self._path}: there are more problems; mend these first"
        self._into.problems.append(more if self._problems > SHOWN else f"{self._path}:{line}:{column}: {what}")

    def _notice(self, chunk: bytes, before: int, wide: list[int]) -> None:
        named = wide[: max(0, MAX_WIDE - self._wide)]
        self._wide += len(wide)
        for number, raw in _lines(chunk, named):
            text = raw.split(b"#", 1)[0].strip().decode(errors="replace")
            name = text.removeprefix("=").removeprefix("*").removeprefix(".")
            if notice := hosts.width(name, text, self._into.suffixes):
                self._into.notices.append(f"{self._path}:{before + number}: {notice}")


def _lines(chunk: bytes, numbers: list[int]) -> Iterator[tuple[int, bytes]]:
    """The lines with these numbers (from 1, ascending)."""
    at, line = 0, 1
    for number in numbers:
        while line < number:
            at = chunk.index(b"\n", at) + 1
            line += 1
        end = chunk.find(b"\n", at)
        yield number, chunk[at : end if end >= 0 else len(chunk)]


def _indent(chunk: bytes, number: int) -> int:
    """How many characters stand before a line's text."""
    ((_, raw),) = _lines(chunk, [number])
    return len(raw) - len(raw.lstrip())
