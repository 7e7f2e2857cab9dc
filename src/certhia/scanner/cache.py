"""What is remembered for a while: bounded, oldest first out."""

from __future__ import annotations

from typing import Generic, TypeVar

from certhia.clock import Clock

T = TypeVar("T")


class Cache(Generic[T]):
    """Values by text, each until its time.

    They are kept in two halves: once the new one is full it becomes the old one, and what was in that is gone. So
    nothing has to be searched for what to throw out.

    Args:
        most: values kept, at least half of which are there at any time.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self._half = max(1, most // 2)
        self._now = clock.monotonic
        self._new: dict[str, tuple[float, T]] = {}
        self._old: dict[str, tuple[float, T]] = {}

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

    def get(self, key: str) -> T | None:
        """What was put; None once its time is over, or where it had to make room."""
        found = self._new.get(key) or self._old.get(key)
        if found is None or found[0] <= self._now():
            return None
        return found[1]

    def put(self, key: str, value: T, seconds: float) -> None:
        """Keeps a value for `seconds`, in place of the one there was."""
        if len(self._new) >= self._half and key not in self._new:
            self._old, self._new = self._new, {}
        self._new[key] = (self._now() + seconds, value)
