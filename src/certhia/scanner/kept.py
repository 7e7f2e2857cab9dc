"""What was fetched from elsewhere, kept for a while: each thing is fetched once, however many want it at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, NamedTuple, TypeVar

from certhia.clock import Clock

T = TypeVar("T")


class Fetched(NamedTuple, Generic[T]):
    """Something, how many bytes it takes, and for how many seconds it is good."""

    value: T
    size: int
    seconds: float


class Kept(Generic[T]):
    """Things by text, bounded by the bytes they take; those not asked for go first."""

    def __init__(self, most_bytes: int, clock: Clock) -> None:
        self._most_bytes = most_bytes
        self._clock = clock
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[float, int, T]] = OrderedDict()
        self._wanted: dict[str, asyncio.Task[T]] = {}  # what is being fetched

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """Bytes that all of it takes."""
        return self._bytes

    async def get(self, key: str, fetch: Callable[[], Awaitable[Fetched[T]]]) -> T:
        """What is kept, or what `fetch` brings; what that raises is raised. Who stops waiting stops nobody else: it is
        fetched to its end, and then known to those who come later."""
        known = self._known(key)
        if known is not None:
            return known[0]
        task = self._wanted.get(key)
        if task is None:
            task = self._wanted[key] = asyncio.get_running_loop().create_task(self._fetched(key, fetch))
            task.add_done_callback(_looked_at)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Fetches nothing any more."""
        tasks = [*self._wanted.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetched(self, key: str, fetch: Callable[[], Awaitable[Fetched[T]]]) -> T:
        try:
            fetched = await fetch()
            self._put(key, fetched)
            return fetched.value
        finally:
            del self._wanted[key]

    def _known(self, key: str) -> tuple[T] | None:
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] <= self._clock.monotonic():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return (found[2],)

    def _put(self, key: str, fetched: Fetched[T]) -> None:
        if key in self._kept:
            self._drop(key)
        self._kept[key] = self._clock.monotonic() + fetched.seconds, fetched.size, fetched.value
        self._bytes += fetched.size
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        self._bytes -= self._kept.pop(key)[1]


def _looked_at(task: asyncio.Task[T]) -> None:
    """What it raised may have nobody left who waits for it."""
    if not task.cancelled():
        task.exception()
