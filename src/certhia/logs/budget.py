"""A bound on the bytes of all bodies that are in flight or wait for their turn, over all logs together."""

from __future__ import annotations

import asyncio
from collections import deque


class Signal:
    """Wakes whoever waits now. For tasks of one event loop that look at shared state again after each change."""

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Returns at the next `fire`."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def fire(self) -> None:
        """Wakes all who wait."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class Budget:
    """Bytes in two pools of equal size: bodies that are next in their log's line, and bodies fetched ahead of it.

    Bodies next in line depend on nothing but the processor, so their pool always drains; bodies ahead wait for those
    before them. Were there one pool, bodies ahead could fill it and wait for ever for the one that no longer fits.
    """

    def __init__(self, limit: int) -> None:
        """`limit`: bytes, both pools together."""
        self.limit = max(limit, 2)
        self.listeners: set[Signal] = set()  # fired when bytes come back and when somebody begins to wait
        self._half = self.limit // 2
        self._line = 0
        self._ahead = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def resize(self, limit: int) -> None:
        """Allows more, or less; what is taken stays taken."""
        self.limit = max(limit, 2)
        self._half = self.limit // 2
        self._admit()
        self._tell()

    @property
    def used(self) -> int:
        """Bytes taken now."""
        return self._line + self._ahead

    @property
    def pressed(self) -> bool:
        """Whether a body that is next in line has to wait: whoever holds one in hand should let go of it soon."""
        return bool(self._waiting)

    def try_ahead(self, size: int) -> Lease | None:
        """Room for a body ahead of its line, or None when there is none now."""
        if self._ahead and self._ahead + size > self._half:
            return None
        self._ahead += size
        return Lease(self, size, ahead=True)

    async def line(self, size: int) -> Lease:
        """Room for the body that is next in its log's line; waits its turn. A body larger than the pool goes alone."""
        if self._waiting or (self._line and self._line + size > self._half):
            await self._turn(size)
        else:
            self._line += size
        return Lease(self, size, ahead=False)

    async def _turn(self, size: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        item = (size, turn)
        self._waiting.append(item)
        self._tell()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._line -= size  # admitted in the same moment
            else:
                self._waiting.remove(item)
            self._admit()
            raise

    def move(self, amount: int, *, ahead: bool) -> None:
        """Bytes taken (positive) or given back."""
        if ahead:
            self._ahead += amount
        else:
            self._line += amount
        if amount < 0:
            self._admit()
            self._tell()

    def _admit(self) -> None:
        while self._waiting:
            size, turn = self._waiting[0]
            if self._line and self._line + size > self._half:
                return
            self._waiting.popleft()
            if not turn.cancelled():
                self._line += size
                turn.set_result(None)

    def _tell(self) -> None:
        for signal in self.listeners:
            signal.fire()


class Lease:
    """Bytes taken from a Budget until `give` is called."""

    __slots__ = ("_ahead", "_budget", "_size")

    def __init__(self, budget: Budget, size: int, *, ahead: bool) -> None:
        self._budget = budget
        self._size = size
        self._ahead = ahead

    def resize(self, size: int) -> None:
        """The body turned out to be of another size than thought."""
        if size != self._size:
            self._budget.move(size - self._size, ahead=self._ahead)
            self._size = size

    def give(self) -> None:
        """Gives all bytes back. Idempotent."""
        self.resize(0)
