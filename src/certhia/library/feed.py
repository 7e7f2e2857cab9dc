"""A sink from which a program takes matches one by one, at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from certhia.model import Delivery, Match, SinkClosed

MOST: Final = 1000  # matches that may wait for the program; then reading waits for it


@dataclass(frozen=True, slots=True)
class _Item:
    match: Match
    taken: Callable[[], None]


class Feed:
    """The sink `program`. What is taken counts as told when the next one is asked for.

    `waiting`: how many matches, besides those in here, are on their way.
    """

    name = "program"

    def __init__(self, waiting: Callable[[], int] = lambda: 0) -> None:
        self.waiting = waiting
        self.last = 0  # the newest delivery that was told
        self._items: deque[_Item] = deque()
        self._held: _Item | None = None  # what the program looks at
        self._arrived = asyncio.Event()
        self._moved = asyncio.Event()
        self._all_told = asyncio.Event()
        self._over = False
        self._closed = False

    # --- towards the pipeline ---

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once the program has taken all, and has asked for more. Raises SinkClosed where it has left."""
        told = 0

        def taken(number: int) -> Callable[[], None]:
            def one() -> None:
                nonlocal told
                told += 1
                self.last = max(self.last, number)
                if told == len(deliveries):
                    self._all_told.set()

            return one

        self._all_told.clear()
        if not self._closed:
            self._items += [_Item(delivery.match, taken(delivery.id)) for delivery in deliveries]
            self._arrived.set()
            await self._all_told.wait()
        if told < len(deliveries):
            raise SinkClosed("the program takes no more matches", told)

    def stream(self, match: Match) -> None:
        """Hands on a match that is not stored."""
        if not self._closed:
            self._items.append(_Item(match, lambda: None))
            self._arrived.set()

    async def room(self) -> None:
        """Returns once fewer than MOST matches wait for the program."""
        while not self._closed and len(self._items) + self.waiting() >= MOST:
            self._moved.clear()
            await self._moved.wait()

    async def close(self) -> None:
        """See `Sink.close`."""
        self.leave()

    # --- towards the program ---

    async def take(self) -> Match | None:
        """The next match; None once `finish` was called and nothing is left. What was taken before counts as told."""
        held, self._held = self._held, None
        if held is not None:
            held.taken()
            self._moved.set()
        while not self._items:
            if self._over or self._closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        self._held = self._items.popleft()
        return self._held.match

    def finish(self) -> None:
        """No more will come."""
        self._over = True
        self._arrived.set()

    def leave(self) -> None:
        """The program takes no more. What it looks at has not been told."""
        self._closed = True
        self._items.clear()
        for event in (self._arrived, self._moved, self._all_told):
            event.set()
