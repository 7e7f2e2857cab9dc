"""One follower for a state: a lock that the kernel lets go of when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import Final

from certhia.errors import StateError

LOOKS: Final = 3  # refusals that may be those of a look
MOMENT: Final = 0.02  # seconds, much longer than a look takes


class Held(StateError):
    """Another process follows logs with this state."""


class Lock:
    """Held from `Lock(directory)` to `release`. A file left behind by a process that is gone holds nothing.

    Raises Held where another process holds it, StateError where it can't be had.
    """

    def __init__(self, directory: Path, began: float | None = None) -> None:
        """`began`: seconds since the machine's start (`Clock.boot`), for those who look on."""
        self.path = directory / "lock"
        try:
            self._file: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}: the state must be writable to follow logs") from error
        try:
            _take(self._file)
        except BlockingIOError:
            owner, _ = _written(self._file)
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
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n{'' if began is None else began}\n".encode("ascii"), 0)
        except OSError as error:
            self.release()
            raise StateError(f"{self.path}: {error.strerror}: make room, or see what is wrong with the disk") from error

    def release(self) -> None:
        """Lets go. Idempotent. The file stays: removing it would let two processes each lock a file of that name."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _take(file: int) -> None:
    """Locks it. Whoever only looks (`holder`) has it for a moment, so a refusal counts when it lasts."""
    for _ in range(LOOKS):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            threading.Event().wait(MOMENT)
        else:
            return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def holder(directory: Path) -> int | None:
    """The process that follows logs with this state, 0 where its number isn't known; None where nobody does.

    Changes nothing. Raises StateError where the lock can't be looked at.
    """
    try:
        file = os.open(directory / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{directory / 'lock'}: {error.strerror}: the state must be readable") from error
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        owner, _ = _written(file)
        return int(owner) if owner.isdecimal() and owner.isascii() else 0
    except OSError as error:
        raise StateError(f"{directory / 'lock'}: can't be looked at ({error.strerror})") from error
    finally:
        os.close(file)
    return None


def begun(directory: Path) -> float | None:
    """When whoever holds the lock took it, in seconds since the machine's start; None where that isn't known."""
    try:
        file = os.open(directory / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # `holder` says what is wrong with it
        return None
    try:
        return float(_written(file)[1])
    except (OSError, ValueError):
        return None
    finally:
        os.close(file)


def _written(file: int) -> tuple[str, str]:
    """The process, and when it began, as they stand there."""
    process, _, rest = os.pread(file, 64, 0).decode("ascii", "replace").partition("\n")
    return process.strip(), rest.partition("\n")[0].strip()
