"""Lines of a text file that people wrote, bounded, with their numbers."""

from __future__ import annotations

import codecs
import os
import select
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from certhia import render
from certhia.errors import ConfigError

MAX_FILE = 256 << 20  # bytes
MAX_LINE = 4 << 10  # bytes
CHUNK = 192 << 10  # bytes: fewer lines than the 100,000 that the core gives back at once as none of its own

PATIENCE: Final = 10  # seconds until somebody must have begun to write to a pipe


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line that says something. Raises ConfigError."""
    try:
        with opened(path) as file:
            _check_size(path, os.fstat(file.fileno()).st_size)
            number = 0
            read = 0
            while raw := file.readline(MAX_LINE + 1):
                number += 1
                read += len(raw)
                _check_size(path, read)
                if text := _text(path, number, raw):
                    yield number, text
    except OSError as error:
        raise unreadable(path, error) from error


def read_chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes in pieces of whole lines, without a byte order mark; the last may lack its line end. Raises
    ConfigError."""
    try:
        with opened(path) as file:
            _check_size(path, os.fstat(file.fileno()).st_size)
            read = line = 0
            while chunk := file.read(CHUNK):
                if not chunk.endswith(b"\n"):
                    chunk += (rest := file.readline(MAX_LINE + 1))
                    if len(rest) > MAX_LINE and not rest.endswith(b"\n"):
                        raise _too_long(path, line + chunk.count(b"\n") + 1)
                read += len(chunk)
                line += chunk.count(b"\n")
                _check_size(path, read)
                yield chunk if read > len(chunk) else _without_mark(path, chunk)
    except OSError as error:
        raise unreadable(path, error) from error


def opened(path: Path) -> BinaryIO:
    """The file, open for reading. Raises OSError, and ConfigError for a pipe that nobody writes to: opening that
    the plain way would wait for ever."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            poll = select.poll()
            poll.register(number, select.POLLIN)
            if not poll.poll(PATIENCE * 1000):
                told = f"nobody wrote to this pipe for {PATIENCE} s; name a file, or start what writes to it first"
                raise ConfigError(f"{path}: cannot be read: {told}")
        os.set_blocking(number, True)
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def unreadable(path: Path, error: OSError) -> ConfigError:
    """What to tell when a file that the user named can't be read."""
    return ConfigError(f"{path}: cannot be read: {error.strerror or error}; give the name of a file you may read")


def _check_size(path: Path, size: int) -> None:
    if size > MAX_FILE:
        raise ConfigError(f"{path}: is larger than {MAX_FILE >> 20} MiB; split it")


def _too_long(path: Path, line: int) -> ConfigError:
    return ConfigError(f"{path}:{line}: the line is longer than {MAX_LINE} bytes; write one rule a line")


def _without_mark(path: Path, raw: bytes) -> bytes:
    """The beginning of a file without a byte order mark."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(f"{path}: is UTF-16; save it as UTF-8")
    return raw.removeprefix(codecs.BOM_UTF8)


def _text(path: Path, number: int, raw: bytes) -> str:
    """A line without its comment and spaces."""
    if len(raw) > MAX_LINE:
        raise _too_long(path, number)
    if number == 1:
        raw = _without_mark(path, raw)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        shown = render.quoted(raw[:40].strip().decode("latin-1"))
        raise ConfigError(f"{path}:{number}: {shown} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    text = text.strip()
    if text.startswith("#"):
        return ""
    for mark in (" #", "\t#"):
        text = text.split(mark, 1)[0]
    return text.rstrip()
