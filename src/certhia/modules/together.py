"""Modules of ours that see entries look at pages one after the other, in one call of the thread that they share.

A call of a thread, with the tasks and timers around it, costs as much as what a module does with a few hundred entries:
pages gather until they are worth one, or for a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from certhia.clock import Clock
from certhia.modules.batch import Entries
from certhia.modules.failing import Failed
from certhia.modules.local import Local
from certhia.modules.reporting import Reporting
from certhia.modules.runner import Done
from certhia.modules.seat import Seat

ENOUGH: Final = 4096  # entries that are worth a call
HEAVY: Final = 16 << 20  # bytes that are
MOMENT: Final = 0.2  # seconds that fewer wait at most


class Together:
    """Gathers pages, and has them looked at."""

    def __init__(self, reporting: Reporting, clock: Clock) -> None:
        self._reporting = reporting
        self._clock = clock
        self._gathered: list[tuple[Seat, Entries]] = []
        self._pages = self._entries = self._bytes = 0
        self._some = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Pages that wait."""
        return self._pages

    async def accept(self, wanted: Sequence[tuple[Seat, Entries]]) -> None:
        """What these modules are to see of one page. Returns once it is looked at where there is enough now."""
        self._gathered += wanted
        self._pages += 1
        page = wanted[0][1].page
        self._entries += len(page)
        self._bytes += page.nbytes
        if self._entries >= ENOUGH or self._bytes >= HEAVY:
            await self.hand_over()
        else:
            self._some.set()

    async def run(self, _faults: int = 0) -> None:
        """Sees to it that nothing waits for longer than a moment, until cancelled."""
        while True:
            await self._some.wait()
            await self._clock.sleep(MOMENT)
            await self.hand_over()

    async def hand_over(self) -> None:
        """Returns once all that came so far is looked at. Who is cancelled meanwhile costs nobody what was found."""
        await asyncio.shield(self._hand_over())

    async def _hand_over(self) -> None:
        async with self._turn:
            wanted, self._gathered = self._gathered, []
            self._pages = self._entries = self._bytes = 0
            self._some.clear()
            here = [(local, one) for one in wanted if (local := one[0].together) is not None and not one[0].off]
            if not here:
                return
            shares = [Share(local, entries, seat.deadline) for local, (seat, entries) in here]
            for (_, (seat, entries)), done in zip(here, await look(shares, self._clock), strict=True):
                seat.figures.entries += len(entries)
                try:
                    results = seat.settle(done)
                except Failed:
                    continue  # counted and told by the seat; the page comes again for nobody
                self._reporting.report(seat, results, entries)


class Share(NamedTuple):
    """A module, what it is to see of a page, and the seconds that it may take."""

    local: Local
    entries: Entries
    deadline: float


async def look(shares: Sequence[Share], clock: Clock) -> list[Done | Failed]:
    """What each finds, in their order, all of which have the same `together`. Who is late is told of meanwhile."""
    loop, turn = asyncio.get_running_loop(), _Turn(shares, clock)
    locked = list[asyncio.Lock]()
    try:
        for lock in dict.fromkeys(share.local.lock for share in shares):
            await lock.acquire()
            locked.append(lock)
        turn.watch(loop)
        return await loop.run_in_executor(shares[0].local.together, turn.take)
    finally:
        turn.end()
        for lock in locked:
            lock.release()


class _Turn:
    """One call."""

    def __init__(self, shares: Sequence[Share], clock: Clock) -> None:
        self._shares = shares
        self._clock = clock
        self._at = (0, clock.monotonic())  # who looks, and since when: set by the thread, read by the loop
        self._told = -1
        self._timer: asyncio.TimerHandle | None = None

    def take(self) -> list[Done | Failed]:
        """In the thread."""
        outcomes = list[Done | Failed]()
        for number, (local, entries, deadline) in enumerate(self._shares):
            began = self._clock.monotonic()
            self._at = number, began
            found = local.look(entries)
            seconds = self._clock.monotonic() - began
            outcomes.append(found if isinstance(found, Failed) else Done(found, seconds, seconds > deadline))
        return outcomes

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tells of who is late, once, and looks again when the next may be."""
        (number, began), now = self._at, self._clock.monotonic()
        local, _, deadline = self._shares[number]
        left = deadline - (now - began)
        if left <= 0 and self._told != number:
            self._told = number
            local.late(deadline)
        self._timer = loop.call_later(left if left > 0 else deadline, self.watch, loop)

    def end(self) -> None:
        """Nobody is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()
