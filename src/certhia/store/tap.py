"""Deliveries handed on as they are committed, so that a queue that keeps up need not ask the database for them."""

from __future__ import annotations

from collections import deque
from typing import Final

from certhia.model import Delivery

MOST: Final = 10_000  # that wait to be taken: those of two large commits


class Tap:
    """Those for one sink. `whole`: whether it has all that were committed since `open`."""

    def __init__(self) -> None:
        self.whole = False
        self._deliveries: deque[Delivery] = deque()

    def open(self) -> None:
        """From now on: what was committed before is to be asked of the database."""
        self._deliveries.clear()
        self.whole = True

    def close(self) -> None:
        """Nobody takes them any more."""
        self._deliveries.clear()
        self.whole = False

    def put(self, delivery: Delivery) -> None:
        """One that was committed just now."""
        if not self.whole:
            return
        if len(self._deliveries) < MOST:
            self._deliveries.append(delivery)
        else:
            self.close()

    def take(self, after: int, before: int | None, most: int) -> list[Delivery]:
        """The next ones with an id above `after`, in order, and below `before`; the others stay."""
        found = list[Delivery]()
        while self._deliveries and len(found) < most and (before is None or self._deliveries[0].id < before):
            one = self._deliveries.popleft()
            if one.id > after:
                found.append(one)
        return found
