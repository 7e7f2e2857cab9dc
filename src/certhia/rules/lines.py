"""Lines of a text file that people wrote, bounded, with their numbers."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path

from certhia import render
from certhia.errors import ConfigError

MAX_FILE = 256 << 20  # bytes
MAX_LINE = 4 << 10  # bytes


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line that says something. Raises ConfigError."""
    try:
        with path.open("rb") as file:
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


def unreadable(path: Path, error: OSError) -> ConfigError:
    """What to tell when a file that the user named can't be read."""
    return ConfigError(f"{path}: cannot be read: {error.strerror or error}; give the name of a file you may read")


def _check_size(path: Path, size: int) -> None:
    if size > MAX_FILE:
        raise ConfigError(f"{path}: is larger than {MAX_FILE >> 20} MiB; split it")


def _text(path: Path, number: int, raw: bytes) -> str:
    """A line without its comment and spaces."""
    if len(raw) > MAX_LINE:
        raise ConfigError(f"{path}:{number}: the line is longer than {MAX_LINE} bytes; write one rule a line")
    if number == 1:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise ConfigError(f"{path}: is UTF-16; save it as UTF-8")
        raw = raw.removeprefix(codecs.BOM_UTF8)
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
