"""Pages of entries to the modules that see them: at once to trusted ones, by a bounded queue to those of the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final
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
        seats = [seat for seat in self._seats() if not seat.off]
        if not seats:
            return
        log, shared = arrival.log, Shared(arrival.page, arrival.scans)
        await self._scan(seats, shared)
        name = LogName(log.id, log.url, log.description, log.operator)
        wanted = [(seat, entries) for seat in seats if (entries := self._chosen(seat, name, shared)) is not None]
        if others := [one for one in wanted if not one[0].trusted]:
            self._queued.add(shared, others)
        if alone := [one for one in wanted if one[0].trusted and one[0].together is None]:
            await asyncio.gather(*(self._hand(*one) for one in alone))
        if ours := [one for one in wanted if one[0].together is not None]:
            await self.together.accept(ours, at_once=any(seat.rules and len(entries) for seat, entries in ours))

    def sought(self) -> Sought:
        """What modules want of a page in the walk that the watch list has over it."""
        seats = [seat for seat in self._seats() if not seat.off]
        if not seats:
            return NOTHING
        matchers = dict.fromkeys(rules.matcher for seat in seats for rules in _rules(seat))
        names = any(seat.together is not None and seat.rules is None for seat in seats)
        return Sought(tuple(matchers)[:MOST], names)

    async def run(self, _faults: int = 0) -> None:
        """Hands on what waits, until cancelled."""
        await self._queued.run()

    async def drained(self) -> None:
        """Returns once nothing waits."""
        await self.together.hand_over()
        await self._queued.drained()

    async def end(self) -> None:
        """At the end of a run: hands on what waits, as far as there is time. What is left then is told."""
        await self.together.hand_over()
        await self._queued.end()

    @property
    def waiting(self) -> int:
        """Pages that wait."""
        return self._queued.waiting + self.together.waiting

    async def _scan(self, seats: Sequence[Seat], shared: Shared) -> None:
        """Has the core look for what it was not asked about when it went over the page: rules came meanwhile."""
        for matcher in {rules.matcher for seat in seats for rules in _rules(seat)}:
            if not shared.has(matcher):
                await asyncio.get_running_loop().run_in_executor(self.executor, shared.scan, matcher)

    def _chosen(self, seat: Seat, name: LogName, shared: Shared) -> Entries | None:
        """What a module is to see of a page; None where it is not called."""
        positions: Sequence[int] = range(len(shared.page))
        if seat.only is not None:
            positions = [position for position, _ in shared.scan(seat.only.matcher).hits]
        entries = Entries(name, shared, positions)
        if seat.rules is None:
            return entries if len(entries) else None
        entries = Entries(name, shared, [position for position, _ in entries.matched(seat.rules)])
        seat.figures.entries += len(positions) - len(entries)  # its rules were held against those, too
        now = self._clock.monotonic()
        if not len(entries) and now - self._called.get(seat, -IDLE) < IDLE:
            return None
        self._called[seat] = now
        return entries

    async def _hand(self, seat: Seat, entries: Entries) -> None:
        try:
            results = await seat.process(entries)
        except (Failed, Off):
            return  # counted and told by the seat; the page comes again for nobody
        self._reporting.report(seat, results, entries)


def _rules(seat: Seat) -> list[Watched]:
    """All rules by which a module is handed pages."""
    return [rules for rules in (seat.only, seat.rules) if rules is not None]
