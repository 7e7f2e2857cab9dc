"""One follower for a state: a lock that the kernel lets go of when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from certhia.errors import StateError


class Held(StateError):
    """Another process follows logs with this state."""


class Lock:
    """Held from `Lock(directory)` to `release`. A file left behind by a process that is gone holds nothing.

    Raises Held where another process holds it, StateError where it can't be had.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / "lock"
        try:
            self._file: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}: the state must be writable to follow logs") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
            self.release()
            process = f"process {owner}" if owner.isdigit() else "another process"
            raise Held(
                f"{directory}: {process} already follows logs with this state: stop it, or use --state NAME for a "
                "state of its own"
            ) from None
        except OSError as error:
            self.release()
            raise StateError(
                f"{self.path}: can't be locked ({error.strerror}): keep the state on a local disk"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Lets go. Idempotent. The file stays: removing it would let two processes each lock a file of that name."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
