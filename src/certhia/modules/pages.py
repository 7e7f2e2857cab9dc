"""Pages of entries to the modules that see them: at once to trusted ones, by a bounded queue to those of the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from certhia.clock import Clock
from certhia.model import Arrival, LogName, Tell, Watched
from certhia.modules.batch import Entries, Shared
from certhia.modules.failing import Failed, Off
from certhia.modules.queued import Queued
from certhia.modules.reporting import Reporting
from certhia.modules.seat import Seat
from certhia.modules.together import Together
from certhia.sought import MOST, NOTHING, Sought

IDLE: Final = 1.0  # seconds between two calls of a module for which rules of its own find nothing


class Asking(NamedTuple):
    """A module that sees entries, and rules of its own by which it is handed pages."""

    seat: Seat
    own: Watched | None

    @property
    def rules(self) -> list[Watched]:
        """All that choose what it gets."""
        return [rules for rules in (self.seat.only, self.own) if rules is not None]


class Pages:
    """Hands pages on. `seats`: those that see entries, as of now."""

    def __init__(self, seats: Callable[[], Sequence[Seat]], reporting: Reporting, clock: Clock, tell: Tell) -> None:
        self.executor: Executor | None = None  # the core's threads; a thread of asyncio's without
        self._seats = seats
        self._reporting = reporting
        self._clock = clock
        self._queued = Queued(self._hand, clock, tell)
        self.together = Together(reporting, clock)
        self._called = WeakKeyDictionary[Seat, float]()  # when those with rules of their own were called last

    async def accept(self, arrival: Arrival) -> None:
        """Takes care of a page; returns once modules that are trusted are through with it, but for some moments in
        which it may wait for ours."""
        if not (asking := self._asking()):
            return
        log, shared = arrival.log, Shared(arrival.page, arrival.scans)
        while await self._scan(asking, shared):
            asking = self._asking()  # meanwhile some may have been let go
        name = LogName(log.id, log.url, log.description, log.operator)
        wanted = [(one.seat, entries) for one in asking if (entries := self._chosen(one, name, shared)) is not None]
        if not wanted:
            return
        if others := [one for one in wanted if not one[0].trusted]:
            self._queued.add(shared, others)
        if alone := [one for one in wanted if one[0].trusted and one[0].together is None]:
            await asyncio.gather(*(self._hand(*one) for one in alone))
        if ours := [one for one in wanted if one[0].together is not None]:
            await self.together.accept(ours)

    def sought(self) -> Sought:
        """What modules want of a page in the walk that the watch list has over it."""
        asking = self._asking()
        if not asking:
            return NOTHING
        matchers = dict.fromkeys(rules.matcher for one in asking for rules in one.rules)
        names = any(one.own is None and one.seat.together is not None for one in asking)
        return Sought(tuple(matchers)[:MOST], names)

    def _asking(self) -> list[Asking]:
        return [Asking(seat, seat.rules) for seat in self._seats() if not seat.off]

    async def run(self, _faults: int = 0) -> None:
        """Hands on what waits, until cancelled."""
        await self._queued.run()

    async def drained(self) -> None:
        """Returns once nothing waits."""
        await self.together.hand_over()
        await self._queued.drained()

    async def leave(self, seat: Seat) -> None:
        """Before a module goes: it is handed what waits for it, as far as there is time."""
        await self.together.hand_over()
        await self._queued.leave(seat)

    async def end(self) -> None:
        """At the end of a run: hands on what waits, as far as there is time. What is left then is told."""
        await self.together.hand_over()
        await self._queued.end()

    @property
    def waiting(self) -> int:
        """Pages that wait."""
        return self._queued.waiting + self.together.waiting

    async def _scan(self, asking: Sequence[Asking], shared: Shared) -> bool:
        """Has the core look for what it was not asked about when it went over the page: rules came meanwhile. False
        where there was nothing of that kind."""
        missing = [rules.matcher for one in asking for rules in one.rules if not shared.has(rules.matcher)]
        for matcher in dict.fromkeys(missing):
            await asyncio.get_running_loop().run_in_executor(self.executor, shared.scan, matcher)
        return bool(missing)

    def _chosen(self, one: Asking, name: LogName, shared: Shared) -> Entries | None:
        """What a module is to see of a page; None where it is not called."""
        seat, page = one.seat, shared.page
        if one.own is not None and seat.only is None and not shared.scan(one.own.matcher).hits:
            looked, positions = len(page), list[int]()  # as nearly always
        else:
            entries = Entries(name, shared, range(len(page)))
            if seat.only is not None:
                entries = Entries(name, shared, [position for position, _ in entries.matched(seat.only)])
            if one.own is None:
                return entries if len(entries) else None
            looked, positions = len(entries), [position for position, _ in entries.matched(one.own)]
        seat.figures.entries += looked - len(positions)  # its rules were held against those, too
        now = self._clock.monotonic()
        if not positions and now - self._called.get(seat, -IDLE) < IDLE:
            return None
        self._called[seat] = now
        return Entries(name, shared, positions)

    async def _hand(self, seat: Seat, entries: Entries) -> None:
        try:
            results = await seat.process(entries)
        except (Failed, Off):
            return  # counted and told by the seat; the page comes again for nobody
        self._reporting.report(seat, results, entries)
