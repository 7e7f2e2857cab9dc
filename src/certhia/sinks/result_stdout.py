"""A scan's results on standard output, which may be read slowly, or no more."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Mapping
from typing import Final, TextIO

from certhia import render
from certhia.errors import ConfigError
from certhia.sinks.writer import Nowhere, is_unread, outlet, readerless

BEHIND: Final = 4 << 20  # bytes that wait for a reader; then no further targets are begun


class ResultStdout:
    """Lines on standard output, from a thread of its own."""

    def __init__(
        self,
        *,
        stream: TextIO | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`stream`: sys.stdout unless given. Raises ConfigError where there is no standard output."""
        target = stream or sys.stdout
        if target is None or isinstance(target, Nowhere):
            raise ConfigError("there is no standard output to write to; use --format silent with -o FILE")
        self._stream = target
        self._charset = render.encoding(target.encoding, environment)
        self._write = outlet(target)
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._given = self._written = 0  # bytes
        self._broken = False
        self._fault: OSError | None = None
        self._over = False
        self._thread = threading.Thread(target=self._run, name="certhia-stdout", daemon=True)
        self._thread.start()

    @property
    def behind(self) -> bool:
        """Whether its reader is so slow that nothing more should be begun."""
        return self._given - self._written > BEHIND

    @property
    def given(self) -> int:
        """How many bytes were to be written so far."""
        return self._given

    @property
    def written(self) -> int:
        """How many of them are."""
        return self._written

    @property
    def unread(self) -> bool:
        """Whether nobody will read it any more."""
        return self._broken or readerless(self._stream)

    @property
    def fault(self) -> OSError | None:
        """Why it can't be written to, where that is not for want of a reader."""
        return self._fault

    def put(self, text: str) -> None:
        """Has text written, newline included, without waiting. Any thread may call it."""
        data = render.encode(text, self._charset)
        if data and not self._broken and self._fault is None:
            with self._changed:
                self._queue.append(data)
                self._given += len(data)
                self._changed.notify()

    def close(self, grace: float | None = None) -> bool:
        """Waits until all is written, `grace` seconds at most; whether it was."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join(grace)
        return not self._thread.is_alive() and not self._broken and self._fault is None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._over)
                if not self._queue:
                    return
                data = self._queue.popleft()
            left = memoryview(data)
            try:
                while left:
                    left = left[self._write(left) :]
            except OSError as error:
                if is_unread(error):
                    self._broken = True
                else:
                    self._fault = error
                return
            self._written += len(data)
