"""A file that is written as a whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from certhia.errors import ConfigError


class Whole:
    """Takes text; `commit` puts it in the place of what was there. After a crash at any point either the old file is
    there or the new one. Only its owner may read it."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError where no file can be made beside `path`."""
        self.path = path.absolute()
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        except OSError as error:
            why = f"{self.path}: cannot be written: {error.strerror}; name a file in a directory that you may write to"
            raise ConfigError(why) from error
        self._beside = Path(name)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")

    def write(self, text: str) -> None:
        """More of it. Raises OSError, with the path."""
        with self._named():
            self._file.write(text)

    def commit(self) -> None:
        """It is complete: on the disk, and in its place, once this returns. Raises OSError, with the path."""
        with self._named():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._beside.replace(self.path)
            directory = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Errors name the file that was wanted, whatever stands beside it meanwhile."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def discard(self) -> None:
        """It is not wanted any more; nothing is left of it. Nothing is done after `commit`. Idempotent."""
        with suppress(OSError):  # what could not be written is not wanted either
            self._file.close()
        self._beside.unlink(missing_ok=True)
