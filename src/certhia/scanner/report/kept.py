"""What is made once of what comes again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """What was made of a key before, the latest ones, at most twice `most` of what `weigh` counts.

    Two generations instead of an order of use: a key that is asked for again is moved to the younger one when the older
    one is about to go. Not for two threads at once.
    """

    def __init__(self, make: Callable[[Key], Value], weigh: Callable[[Key, Value], int], most: int) -> None:
        """`make`: what makes the value of a key."""
        self._make = make
        self._weigh = weigh
        self._most = most
        self._size = 0
        self._young: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}

    def __call__(self, key: Key) -> Value:
        """The value of a key."""
        try:
            return self._young[key]
        except KeyError:
            return self._seldom(key)

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._young.keys() | self._old.keys())

    def _seldom(self, key: Key) -> Value:
        value = self._old[key] if key in self._old else self._make(key)
        weight = self._weigh(key, value)
        self._size += weight
        if self._size > self._most:
            self._old, self._young, self._size = self._young, {}, weight
        self._young[key] = value
        return value
