"""A file of a scan's results, which can be cut back to a recorded place."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from certhia import render
from certhia.errors import ConfigError, StateError
from certhia.scanner.records import Result
from certhia.scanner.report.formats import Texts

_TORN: Final = 64 << 10  # bytes at the end of a file that are looked at for a line that was torn
_BEGINS: Final = b'{"timestamp":'


class ResultFile:
    """Whole lines appended to a file. A file that was renamed or removed is made anew."""

    def __init__(self, path: Path, texts: Texts, header: str = "", *, at: int | None = None) -> None:
        """`at`: where to go on, in bytes; what stands behind it is cut off. Else a line that was torn at its end is.

        Raises ConfigError for a file that can't be written, or that is shorter than `at`, and makes none where one was.
        """
        self.path = path.absolute()
        self._texts = texts
        self._header = render.encode(header, "utf-8")
        self._descriptor = -1
        self._turn = threading.Lock()  # over which file it is
        self.offset = 0
        try:
            if at:
                self._find(at)
            self._open()
            if at is not None:
                self._cut(at)
            else:
                self._mend()
        except OSError as error:
            self._release()
            raise ConfigError(
                f"{self.path}: cannot be written: {error.strerror}; name a file that you may write"
            ) from error
        except ConfigError:
            self._release()
            raise

    def take(self, results: Sequence[Result]) -> None:
        """Writes them. Raises OSError, with the path, where that fails: none of them is then left in the file."""
        data = render.encode(self._texts.of(results), "utf-8")
        if not data:
            return
        try:
            if self._moved():
                with self._turn:
                    self._release()
                    self._open()
            self._append(data if self.offset else self._header + data)
        except OSError as error:
            raise OSError(error.errno, f"results cannot be written: {error.strerror}", str(self.path)) from error

    def sync(self) -> None:
        """Everything written so far is on the disk. Any thread may call it. Raises StateError."""
        with self._turn:
            if not self._is_regular():
                return
            file = os.dup(self._descriptor)
        try:
            os.fsync(file)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}: see what is wrong with the disk") from error
        finally:
            os.close(file)

    def close(self) -> None:
        """Idempotent. Raises StateError where the disk does not take it."""
        if self._descriptor >= 0:
            try:
                self.sync()
            finally:
                self._release()

    def _open(self) -> None:
        if self.path.is_fifo():
            raise ConfigError(f"{self.path}: is a named pipe; write to it by shell: certhia scan ... > {self.path}")
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOCTTY | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o666)
        self.offset = os.fstat(self._descriptor).st_size

    def _find(self, at: int) -> None:
        try:
            self.path.stat()
        except FileNotFoundError:
            raise ConfigError(
                f"{self.path}: is not there, and {at:,} bytes of it were recorded: put it back, or scan anew without "
                "--resume"
            ) from None

    def _cut(self, at: int) -> None:
        if self.offset < at:
            raise ConfigError(
                f"{self.path}: has {self.offset:,} bytes, and {at:,} were recorded: it is another file, or was "
                "changed; name the file that the scan wrote, or scan anew without --resume"
            )
        os.ftruncate(self._descriptor, at)
        self.offset = at

    def _mend(self) -> None:
        """Cuts off a line of ours that was torn; leaves alone what is not ours."""
        size = self.offset
        if self._header and not self._header.startswith(os.pread(self._descriptor, len(self._header), 0)):
            raise ConfigError(f"{self.path}: has other columns than these results; name a file of its own")
        start = max(0, size - _TORN)
        end = os.pread(self._descriptor, size - start, start)
        whole = end.rfind(b"\n") + 1
        if not end or whole == len(end):
            return
        if (whole or start == 0) and end[whole:].startswith(_BEGINS[: len(end) - whole]):
            os.ftruncate(self._descriptor, start + whole)
            self.offset = start + whole
        else:
            self._append(b"\n")

    def _append(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            if self._is_regular():
                os.ftruncate(self._descriptor, self.offset)
            raise
        self.offset += len(data)

    def _moved(self) -> bool:
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return True
        return not os.path.samestat(there, os.fstat(self._descriptor))

    def _is_regular(self) -> bool:
        return stat.S_ISREG(os.fstat(self._descriptor).st_mode)

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
