"""The last good copy of a log list on disk, with its signature: one file, replaced as a whole."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from certhia.logs.loglist import MAX_LIST

_MAGIC: Final = b"certhia log list 1\n"
_MAX_FILE: Final = MAX_LIST + (1 << 16) + len(_MAGIC) + 2


def place(folder: Path, source: str) -> Path:
    """Where the copy of a list is kept: by its name ("google") or a digest of its URL."""
    name = source if source.isalpha() else hashlib.sha256(source.encode()).hexdigest()[:16]
    return folder / f"{name}.loglist"


def read(path: Path) -> tuple[bytes, bytes] | None:
    """The list's bytes and its signature (empty for an unsigned one); None where no whole copy is kept.

    Raises OSError when there is a file that can't be read.
    """
    try:
        with path.open("rb") as file:
            stored = file.read(_MAX_FILE + 1)
    except FileNotFoundError:
        return None
    start = len(_MAGIC) + 2
    if len(stored) > _MAX_FILE or not stored.startswith(_MAGIC) or len(stored) < start:
        return None
    end = start + int.from_bytes(stored[start - 2 : start])
    return (stored[end:], stored[start:end]) if end < len(stored) else None


def write(path: Path, body: bytes, signature: bytes) -> None:
    """Keeps a list. After a crash at any point either the old copy is there or the new one. Raises OSError."""
    replace(path, _MAGIC + len(signature).to_bytes(2) + signature + body)


def replace(path: Path, content: bytes) -> None:
    """Puts a file in the place of another, as a whole. Raises OSError, which names the file."""
    try:
        _replace(path, content)
    except OSError as error:
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if os.name == "posix":  # elsewhere a directory can't be opened
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
