"""What is remembered for a while: bounded, oldest first out."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from certhia.clock import Clock

T = TypeVar("T")


class Cache(Generic[T]):
    """Values by text, each until its time.

    Args:
        most: values kept; the one put first makes room.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        # A plain dict would search for its first key past all those that went.
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> T | None:
        """What was put; None once its time is over."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] > self._clock.monotonic():
            return found[1]
        del self._kept[key]
        return None

    def put(self, key: str, value: T, seconds: float) -> None:
        """Keeps a value for `seconds`, in place of the one there was."""
        self._kept.pop(key, None)
        if len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        self._kept[key] = (self._clock.monotonic() + seconds, value)
