"""Matches appended to a file, which may be rotated away, cut or full at any time."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from certhia.config.sinks import FileSink
from certhia.errors import ConfigError, StateError
from certhia.model import Delivery
from certhia.render import encode
from certhia.sinks.formats import Format
from certhia.sinks.open import Outside
from certhia.sinks.refusals import Refused
from certhia.sinks.rotation import Rotation

MAX_TORN = 32 << 20  # bytes looked at for the last whole record; one with 10,000 names takes 5 MB
_WINDOW = 64 << 10


async def open_file(name: str, settings: FileSink, outside: Outside) -> File:
    """The sink of `[sinks.NAME]` with `type = "file"`. Raises ConfigError."""
    every, size = settings.rotate_every or 0.0, settings.rotate_size or 0
    rotation = Rotation(outside.clock, outside.tell, size, every, settings.keep, settings.gzip)
    shape = Format(settings.format) if settings.format else None
    return await asyncio.to_thread(
        File, settings.path, shape, name=name, fsync=settings.fsync, rotation=rotation if every or size else None
    )


class File:
    """The sink `file:PATH`.

    Appends whole records and flushes them to the kernel, so that a process that is killed leaves none torn; what a full
    disk or a power failure tore is cut off when the file is opened again. A file that was renamed or removed is made
    anew. Only one process may write to it.
    """

    def __init__(
        self,
        path: Path,
        format: Format | None = None,  # noqa: A002
        *,
        fsync: bool = False,
        name: str = "",
        rotation: Rotation | None = None,
    ) -> None:
        """Opens the file and mends its end. `format`: told by the file's name unless given. `fsync`: after every batch,
        not only at the end. `name`: `file:` and the path unless given. `rotation`: when it is put aside, and another
        begun. Raises ConfigError for a file that can't be written."""
        self._path = path.absolute()
        self._name = name or f"file:{self._path}"
        self._format = format or Format.of(path)
        self._fsync = fsync
        self._rotation = rotation
        self._header = encode(self._format.header, "utf-8")
        self._descriptor = -1
        self._begun = False  # a device has the header, which its size does not tell
        self._lock = threading.Lock()
        try:
            self._open()
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot be written: {_reason(self._path, error)}") from error

    @property
    def name(self) -> str:
        """Its own, or `file:` and the absolute path."""
        return self._name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once all are written. Raises OSError, with the path, where they can't be: none of them is then left
        in the file."""
        data = encode("".join(map(self._format.text, deliveries)), "utf-8")
        await asyncio.to_thread(self._append, data)

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`. Raises Refused where the format has no place for it."""
        text = self._format.note(record)
        if not text:
            raise Refused(f"{self._path}: {self._format.name} has no place for it; jsonl has")
        await asyncio.to_thread(self._append, encode(text, "utf-8"))

    async def close(self) -> None:
        """Writes everything to the disk, and closes. Idempotent. Raises StateError where the disk does not take it."""
        await asyncio.to_thread(self._close)

    def _append(self, data: bytes) -> None:
        # A call that was cancelled goes on in its thread.
        with self._lock:
            self._append_alone(data)

    def _append_alone(self, data: bytes) -> None:
        try:
            if self._moved():
                self._release()
                self._open()
            elif self._rotation is not None and self._is_regular():
                self._rotate(self._rotation, len(data))
            size = os.fstat(self._descriptor).st_size
            begun = size > 0 or self._begun
            try:
                self._write(data if begun else self._header + data)
                self._begun = not self._is_regular()
                if self._fsync:
                    os.fsync(self._descriptor)
            except OSError:
                self._truncate(size)
                raise
        except OSError as error:
            raise OSError(error.errno, f"matches cannot be written: {error.strerror}", str(self._path)) from error

    def _rotate(self, rotation: Rotation, more: int) -> None:
        there = os.fstat(self._descriptor)
        if not rotation.is_due(there.st_size, there.st_mtime, more):
            return
        os.fsync(self._descriptor)
        path = self._path.resolve()
        rotation.put_aside(path)
        self._release()
        self._open()
        rotation.tidy(path)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def _moved(self) -> bool:
        """Whether the path no longer leads to the open file."""
        if self._descriptor < 0:
            return True
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        return not os.path.samestat(there, os.fstat(self._descriptor))

    def _open(self) -> None:
        if self._path.is_fifo():
            # Opening one waits for a reader, perhaps for ever.
            raise ConfigError(f"{self._path}: is a named pipe; write to it by shell: certhia watch ... > {self._path}")
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o666)
        try:
            self._descriptor = descriptor
            if self._is_regular():
                self._mend()
        except BaseException:
            self._release()
            raise

    def _mend(self) -> None:
        """Cuts off a record that was torn; leaves alone what is not ours."""
        size = os.fstat(self._descriptor).st_size
        if not self._header.startswith(os.pread(self._descriptor, len(self._header), 0)):
            raise ConfigError(f"{self._path}: has other columns than these matches; name a file of its own")
        start, whole, end = size, 0, ""
        while start > 0 and whole == 0 and len(end) < MAX_TORN:
            start = max(0, size - max(_WINDOW, 4 * len(end)))
            end = os.pread(self._descriptor, size - start, start).decode("latin-1")  # one character a byte
            whole = self._format.whole(end)
        if whole == len(end):
            return
        if (start == 0 or whole > 0) and self._format.ours(end[whole:]):
            os.ftruncate(self._descriptor, start + whole)
        elif not end.endswith("\n"):
            self._write(b"\n")

    def _is_regular(self) -> bool:
        return stat.S_ISREG(os.fstat(self._descriptor).st_mode)

    def _truncate(self, size: int) -> None:
        if self._is_regular():
            os.ftruncate(self._descriptor, size)

    def _close(self) -> None:
        with self._lock:
            try:
                if self._descriptor >= 0 and self._is_regular():
                    os.fsync(self._descriptor)
            except OSError as error:
                raise StateError(
                    f"{self._path}: {error.strerror}: the matches written last may be missing after a power "
                    "cut: see what is wrong with the disk"
                ) from error
            finally:
                self._release()

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _reason(path: Path, error: OSError) -> str:
    """Why a file can't be opened, and what to do."""
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}; make it first (mkdir -p {path.parent})"
    if path.is_dir():
        return "it is a directory; name a file in it"
    return f"{error.strerror}; name a file that you may write"
