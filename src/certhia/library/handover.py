"""From a thread that makes results to the loop of a program that takes them, one by one, at its own pace."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

MOST: Final = 1000  # results that may wait for the program; then nothing more is begun

T = TypeVar("T")


class Handover(Generic[T]):
    """Takes batches on any thread, gives single items on the loop that it was made on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._batches: deque[Sequence[T]] = deque()
        self._waiting = 0
        self._items: deque[T] = deque()
        self._arrived = asyncio.Event()
        self._over = False

    @property
    def full(self) -> bool:
        """Whether so many wait that nothing more should be begun."""
        return self._waiting >= MOST

    def put(self, items: Sequence[T]) -> None:
        """Hands over more. Any thread may call it; it never waits."""
        with self._lock:
            self._batches.append(items)
            self._waiting += len(items)
            first = len(self._batches) == 1
        if first:
            self._wake()

    def finish(self) -> None:
        """No more will come. Any thread may call it."""
        self._over = True
        self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:  # the loop is closed: nobody takes anything any more
            return

    async def take(self) -> T | None:
        """The next one; None once `finish` was called and nothing is left."""
        while not self._items:
            with self._lock:
                batches = [*self._batches]
                self._batches.clear()
                self._waiting = 0
            for batch in batches:
                self._items.extend(batch)
            if self._items:
                break
            if self._over:
                return None
            self._arrived.clear()
            if not self._batches and not self._over:
                await self._arrived.wait()
        return self._items.popleft()
