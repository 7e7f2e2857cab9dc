"""A thread that writes to a stream which may block for as long as it likes."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import os
import select
import selectors
import stat
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from certhia.model import Match

_BATCH = 256  # streamed matches written at once


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Bytes to write, and whom to tell on the event loop that they are written or why not."""

    data: bytes
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]

    def finish(self, error: OSError | None) -> None:
        """Tells the one who waits. Called from the writing thread."""

        def tell() -> None:
            if not self.done.done():
                self.done.set_exception(error) if error else self.done.set_result(None)

        # A closed loop has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(tell)


class Nowhere(io.TextIOBase):
    """Stands for standard output where there is none: who writes to it is told so."""

    encoding = "utf-8"

    def write(self, _: str, /) -> int:
        """Raises OSError."""
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")


def outlet(stream: TextIO) -> Callable[[memoryview], int]:
    """A function that writes some bytes to a stream and says how many, as os.write does.

    Goes past the stream's buffer where there is a file descriptor: at exit Python would wait for the buffer's lock,
    which a thread that stands still in a blocked pipe holds.
    """
    stream.flush()
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):
        return lambda data: _buffered(stream, data)
    return lambda data: _direct(descriptor, data)


def readerless(stream: TextIO) -> bool:
    """Whether a stream is a pipe whose other end is closed; told without writing to it."""
    try:
        descriptor = stream.fileno()
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return False
    except (OSError, ValueError, AttributeError):
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def is_unread(error: OSError) -> bool:
    """Whether an error says that nobody reads any more, and not that what was to be written is lost."""
    return isinstance(error, BrokenPipeError | ConnectionResetError)


def _direct(descriptor: int, data: memoryview) -> int:
    try:
        return os.write(descriptor, data)
    except BlockingIOError:
        # Another program that shares the terminal or pipe made it non-blocking.
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_WRITE)
            selector.select()
        return 0


def _buffered(stream: TextIO, data: memoryview) -> int:
    buffer = getattr(stream, "buffer", None)
    try:
        if buffer is None:
            stream.write(bytes(data).decode(stream.encoding or "utf-8"))
        else:
            buffer.write(data)
        stream.flush()
    except ValueError as error:  # closed, or of a charset that has no such letters
        raise OSError(errno.EBADF, str(error)) from error
    return len(data)


class Writer:
    """Writes jobs and streamed matches in the order given, from a daemon thread that starts with the first of them.

    A write that fails in the middle of a line is completed before anything else is written, so that every line that
    comes out is a whole one.
    """

    def __init__(
        self, write: Callable[[memoryview], int], render: Callable[[Sequence[Match]], bytes], header: bytes = b""
    ) -> None:
        """`write`: see `outlet`. `render`: turns streamed matches into bytes, called in the thread. `header`: what the
        first bytes written are."""
        self._write = write
        self._render = render
        self._changed = threading.Condition()
        self._queue: deque[Job | Match] = deque()
        self._waiting = 0
        self._rest = header
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._broken = False

    @property
    def waiting(self) -> int:
        """Streamed matches that are not written yet."""
        return self._waiting

    @property
    def broken(self) -> bool:
        """Whether the reader has gone."""
        return self._broken

    def put(self, job: Job) -> None:
        """Queues a job."""
        self._append(job)

    def stream(self, match: Match) -> None:
        """Queues a match that nobody waits for."""
        self._append(match)

    def withdraw(self, job: Job) -> None:
        """Takes back a job whose writing has not begun."""
        with self._changed, contextlib.suppress(ValueError):
            self._queue.remove(job)

    def stop(self, last: Job) -> bool:
        """Queues a last job, after which the thread ends; False where there is no thread to end."""
        with self._changed:
            if self._thread is None or self._stopping:
                return False
            self._queue.append(last)
            self._stopping = True
            self._changed.notify()
            return True

    def abandon(self) -> int:
        """Gives up what is queued; returns how many streamed matches that were."""
        with self._changed:
            lost, self._waiting = self._waiting, 0
            self._queue.clear()
            return lost

    def _append(self, item: Job | Match) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="certhia-stdout", daemon=True)
                self._thread.start()
            self._queue.append(item)
            self._waiting += isinstance(item, Match)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopping)
                if not self._queue:
                    return
                work = self._next()
            if isinstance(work, Job):
                work.finish(self._drain(work.data))
                continue
            self._drain(self._render(work))
            with self._changed:
                self._waiting = max(0, self._waiting - len(work))

    def _next(self) -> Job | list[Match]:
        """The next job, or all streamed matches up to the next job."""
        matches: list[Match] = []
        while self._queue and len(matches) < _BATCH:
            item = self._queue.popleft()
            if isinstance(item, Match):
                matches.append(item)
                continue
            if not matches:
                return item
            self._queue.appendleft(item)
            break
        return matches

    def _drain(self, data: bytes) -> OSError | None:
        """Writes all of it, behind the rest of a line that an earlier failure cut."""
        whole = self._rest + data
        left = memoryview(whole)
        try:
            while left:
                left = left[self._write(left) :]
        except OSError as error:
            self._broken = is_unread(error)
            self._rest = self._cut(whole, len(whole) - len(left))
            return BrokenPipeError(*error.args) if self._broken else error
        self._rest = b""
        return None

    def _cut(self, whole: bytes, written: int) -> bytes:
        """What completes the line that `written` bytes of `whole` ended in."""
        if written == 0:
            return self._rest
        if whole[written - 1 : written] == b"\n":
            return b""
        return whole[written : whole.find(b"\n", written) + 1]
