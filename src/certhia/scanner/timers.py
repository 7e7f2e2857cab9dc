"""Moments at which something is to happen to a slot, unless something else happened to it first."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final

from certhia.scanner.slots import OVER, Slot

WAKE: Final = 0  # its `Wait` or `Again` is over
OPEN: Final = 1  # it may try to open its next connection
LATE: Final = 2  # its step took too long
EXPIRE: Final = 3  # its deadline is over; holds whatever happened meanwhile


class Timers:
    """A heap; what no longer means anything is left in it until its time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Slot, int, int]] = []
        self._count = 0

    def set(self, at: float, slot: Slot, action: int) -> None:
        """`action` happens to `slot` at `at`, if nothing else happens to it before."""
        self._count += 1
        heappush(self._heap, (at, self._count, slot, slot.turn, action))

    def next(self) -> float | None:
        """When to look again; None for never."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> Iterator[tuple[Slot, int]]:
        """What is to happen by now, in order."""
        while self._heap and self._heap[0][0] <= now:
            _, _, slot, turn, action = heappop(self._heap)
            if slot.state != OVER and (slot.turn == turn or action == EXPIRE):
                yield slot, action
