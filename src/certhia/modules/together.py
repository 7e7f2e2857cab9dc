"""Modules of ours that see entries look at a page one after the other, in one call of the thread that they share.

A call of a thread, with the tasks and timers around it, costs as much as what a module does with a few hundred entries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from certhia.clock import Clock
from certhia.modules.batch import Entries
from certhia.modules.failing import Failed
from certhia.modules.local import Local
from certhia.modules.runner import Done


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
        for share in shares:
            await share.local.lock.acquire()
            locked.append(share.local.lock)
        turn.watch(loop)
        return await loop.run_in_executor(shares[0].local.together, turn.take)
    finally:
        turn.end()
        for lock in locked:
            lock.release()


class _Turn:
    """One page."""

    def __init__(self, shares: Sequence[Share], clock: Clock) -> None:
        self._shares = shares
        self._clock = clock
        self._at = (0, clock.monotonic())  # who looks at it, and since when: set by the thread, read by the loop
        self._told = -1
        self._timer: asyncio.TimerHandle | None = None

    def take(self) -> list[Done | Failed]:
        """In the thread."""
        outcomes = list[Done | Failed]()
        if len(self._shares) > 1:
            self._shares[0].entries.page.keep_names()  # all of them go over its names
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
