"""What is remembered for a while: bounded, oldest first out."""

from __future__ import annotations

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
        self._kept: dict[str, tuple[float, T]] = {}

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
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._clock.monotonic() + seconds, value)
