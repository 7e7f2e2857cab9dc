"""The three standard streams, also where one was closed, or what one leads to is full."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, TypeGuard, cast

from certhia.sinks.writer import Nowhere

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

OUTPUT: Final = "standard output"


class _Output(io.FileIO):
    """Errors say that it is standard output that can't be written."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, OUTPUT) from error


def settle() -> None:
    """Makes them such that all may be used. No file of ours takes the number of one that was closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = _nothing("r")
    if sys.stderr is None:
        sys.stderr = _nothing("w")
    if sys.stdout is None:
        sys.stdout = Nowhere()
    elif _is_file(before := sys.stdout):  # a program that embeds us may have its own
        raw = io.BufferedWriter(_Output(before.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(
            raw,
            before.encoding,
            before.errors,
            line_buffering=before.line_buffering,
            write_through=before.write_through,
        )


def why_unwritten(error: BaseException) -> str | None:
    """What is wrong with standard output, and what to do, where an error says that; else None."""
    if not isinstance(error, OSError) or error.filename != OUTPUT or error.errno == errno.EPIPE:
        return None
    what = "have it lead somewhere" if error.errno == errno.EBADF else "make room where it leads"
    return f"{OUTPUT}: cannot be written: {error.strerror}: {what}"


def flush() -> str | None:
    """Writes what print() left waiting; gives what is wrong with standard output, once."""
    if sys.stdout is None:
        return None
    try:
        sys.stdout.flush()
    except OSError as error:
        give_up()
        return why_unwritten(error)
    return None


def give_up() -> None:
    """What still waits goes nowhere, so that the interpreter does not complain of it once more."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _is_file(stream: object) -> TypeGuard[io.TextIOWrapper]:
    """Whether there is a file descriptor under it, with a buffer or without (`python -u`)."""
    if not isinstance(stream, io.TextIOWrapper):
        return False
    return isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO)


def _nothing(mode: str) -> TextIO:
    return cast("TextIO", Path(os.devnull).open(mode, encoding="utf-8"))
