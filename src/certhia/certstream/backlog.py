"""Messages that came and were not looked at yet: bounded by bytes, so that a server is held back, not memory filled."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

MOST: Final = 32 << 20  # bytes that wait; then no more is read of the connection
AT_ONCE: Final = 256  # messages that are looked at together
AT_ONCE_BYTES: Final = 4 << 20


class Backlog:
    """A queue of messages, for one who brings and one who takes."""

    def __init__(self) -> None:
        self._queue: deque[str | bytes] = deque()
        self._held = 0
        self._ended = False
        self._there = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, message: str | bytes) -> None:
        """One more; returns once there is room for the next."""
        self._queue.append(message)
        self._held += len(message)
        self._there.set()
        if self._held >= MOST:
            self._room.clear()
        await self._room.wait()

    def end(self) -> None:
        """No more will come."""
        self._ended = True
        self._there.set()

    async def take(self) -> list[str | bytes]:
        """The next ones, in order; none at the end."""
        while not self._queue and not self._ended:
            self._there.clear()
            await self._there.wait()
        out, size = list[str | bytes](), 0
        while self._queue and len(out) < AT_ONCE and size < AT_ONCE_BYTES:
            size += len(self._queue[0])
            out.append(self._queue.popleft())
        self._held -= size
        if self._held < MOST:
            self._room.set()
        return out
