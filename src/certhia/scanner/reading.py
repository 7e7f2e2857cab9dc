"""Targets from arguments, files and standard input: streamed, bounded, bad lines told and left out.

Files are read piece by piece, and a pipe as it fills, so that scanning begins with the first line. A comment begins
with `#` at a line's beginning or behind a space. Line ends are those of any system; a byte order mark is left out.
"""

from __future__ import annotations

import codecs
import os
import select
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Final, NamedTuple

from certhia import render
from certhia.errors import ConfigError
from certhia.scanner.targets import TargetError, Written, read_target

MAX_LINE = 4 << 10  # bytes

PIECE: Final = 64 << 10  # bytes read at once: what a pipe holds, and some thousand lines
STDIN: Final = "-"
_PATIENCE: Final = 250  # milliseconds in which a waiting reader notices that nobody wants more
_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Complaint(NamedTuple):
    """A line that is no target. As text: `hosts.txt:17: the target "..." ...; write ...`.

    Attributes:
        source: the file's name, "-" for standard input, "" for an argument.
        line: from 1; None for an argument.
        text: what is wrong and what to write; inert.
    """

    source: str
    line: int | None
    text: str

    def __str__(self) -> str:
        if not self.source:
            return self.text
        return f"{render.terminal('standard input' if self.source == STDIN else self.source)}:{self.line}: {self.text}"


class Read(NamedTuple):
    """What a piece of input held, in order."""

    targets: tuple[Written, ...]
    complaints: tuple[Complaint, ...] = ()


def read_arguments(texts: Sequence[str]) -> Read:
    """Targets of a command line. Blank ones count for nothing."""
    targets, complaints = [], []
    for text in texts:
        try:
            if text.strip():
                targets.append(read_target(text.strip()))
        except TargetError as error:
            complaints.append(Complaint("", None, str(error)))
    return Read(tuple(targets), tuple(complaints))


def read_file(name: str, stop: Event | None = None) -> Iterator[Read]:
    """The targets of a file, or of standard input where `name` is "-", some thousand at a time. Blocks; once `stop` is
    set it ends within a second. Raises ConfigError for a file that can't be read or is no text."""
    lines = _Lines(name)
    for piece in _pieces(name, stop or Event()):
        if found := lines.feed(piece):
            yield found
    if found := lines.end():
        yield found


def check_file(name: str) -> None:
    """Raises ConfigError for a file of targets that can't be read; of a pipe or standard input nothing is read."""
    try:
        if name != STDIN and stat.S_ISREG(Path(name).stat().st_mode):
            Path(name).open("rb").close()
        elif name != STDIN and Path(name).is_dir():
            raise IsADirectoryError(0, "is a directory")
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error


def _pieces(name: str, stop: Event) -> Iterator[bytes]:
    try:
        number = 0 if name == STDIN else os.open(Path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    try:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise _unreadable(name, IsADirectoryError(0, "is a directory"))
        if number:
            os.set_blocking(number, True)
        waits = not stat.S_ISREG(os.fstat(number).st_mode)
        while not stop.is_set():
            if waits and not _ready(number):
                continue
            if not (piece := os.read(number, PIECE)):
                return
            yield piece
    except OSError as error:
        raise _unreadable(name, error) from error
    finally:
        if number:
            os.close(number)


def _ready(number: int) -> bool:
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(_PATIENCE))


def _unreadable(name: str, error: OSError | ValueError) -> ConfigError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    shown = "standard input" if name == STDIN else render.terminal(name)
    return ConfigError(f"{shown}: targets can't be read: {why}; give the name of a file you may read, or - for input")


class _Lines:
    """Whole lines out of pieces."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._number = 0
        self._rest = b""  # of a line that has not ended
        self._skipping = False  # the end of a line that is too long
        self._begun = False

    def feed(self, piece: bytes) -> Read | None:
        """Targets of the lines that end in this piece."""
        if not self._begun:
            piece = self._rest + piece
            self._rest = b""
            if len(piece) < 3:  # as long as a byte order mark
                self._rest = piece
                return None
            piece = self._without_mark(piece)
        if self._skipping:
            _, end, piece = piece.partition(b"\n")
            if not end:
                return None
            self._skipping = False
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        read = self._read(lines)
        if len(self._rest) > MAX_LINE:
            read = Read(read.targets, (*read.complaints, self._too_long()))
            self._rest, self._skipping = b"", True
        return read if read.targets or read.complaints else None

    def end(self) -> Read | None:
        """The last line's, where it has no end."""
        rest, self._rest = self._rest, b""
        if not self._begun:
            rest = self._without_mark(rest)
        read = self._read([rest] if rest else [])
        return read if read.targets or read.complaints else None

    def _without_mark(self, piece: bytes) -> bytes:
        self._begun = True
        if piece.startswith(_MARKS):
            raise ConfigError(f"{render.terminal(self._name)}: is UTF-16; save it as UTF-8")
        return piece.removeprefix(codecs.BOM_UTF8)

    def _read(self, lines: Sequence[bytes]) -> Read:
        targets: list[Written] = []
        complaints: list[Complaint] = []
        for line in lines:
            self._number += 1
            try:
                if text := _said(line):
                    targets.append(read_target(text, self._number))
            except UnicodeDecodeError as error:
                shown = render.quoted(line[:40].strip().decode("latin-1"))
                complaints.append(self._complaint(f"{shown} is not UTF-8 (byte {error.start}); save it as UTF-8"))
            except TargetError as error:
                complaints.append(self._complaint(str(error)))
        return Read(tuple(targets), tuple(complaints))

    def _too_long(self) -> Complaint:
        self._number += 1
        return self._complaint(f"the line is longer than {MAX_LINE} bytes; write one target a line")

    def _complaint(self, text: str) -> Complaint:
        return Complaint(self._name, self._number, text)


def _said(line: bytes) -> str:
    """A line without its comment and the spaces around it."""
    if len(line) > MAX_LINE:
        raise TargetError(line[:80].decode("latin-1"), f"is longer than {MAX_LINE} bytes", "write one target a line")
    text = line.decode().strip()
    if "#" not in text:
        return text
    if text.startswith("#"):
        return ""
    for mark in (" #", "\t#"):
        text = text.split(mark, 1)[0]
    return text.rstrip()
