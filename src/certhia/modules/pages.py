"""Pages of entries to the modules that see them: at once to trusted ones, by a bounded queue to those of the worker."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from certhia.clock import Clock
from certhia.model import Arrival, LogName, Tell, Watched
from certhia.modules.batch import Entries, Shared
from certhia.modules.failing import Failed, Off
from certhia.modules.reporting import Reporting
from certhia.modules.seat import Seat
from certhia.modules.together import Share, look

HELD: Final = 64 << 20  # bytes of pages that wait
SILENCE: Final = 600.0  # seconds between two words on what a module skipped


@dataclass(frozen=True, slots=True)
class Job:
    """A page that waits, and what each module is to see of it."""

    shared: Shared
    wanted: Sequence[tuple[Seat, Entries]]


class Pages:
    """Hands pages on. `seats`: those that see entries, as of now."""

    def __init__(self, seats: Callable[[], Sequence[Seat]], reporting: Reporting, clock: Clock, tell: Tell) -> None:
        self.executor: Executor | None = None  # the core's threads; a thread of asyncio's without
        self._seats = seats
        self._reporting = reporting
        self._clock = clock
        self._tell = tell
        self._jobs: deque[Job] = deque()
        self._held = 0
        self._waiting = Counter[Seat]()
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._skipped: dict[Seat, tuple[float, int]] = {}  # when it was told last, and how many by then

    async def accept(self, arrival: Arrival) -> None:
        """Takes care of a page; returns once trusted modules are through with it."""
        seats = [seat for seat in self._seats() if not seat.off]
        if not seats:
            return
        log = arrival.log
        name, shared = LogName(log.id, log.url, log.description, log.operator), Shared(arrival.page)
        chosen = await self._chosen(seats, shared)
        wanted = [
            (seat, Entries(name, shared, positions)) for seat in seats if len(positions := chosen[_key(seat.only)])
        ]
        if queued := [one for one in wanted if not one[0].trusted and self._has_room(*one, shared)]:
            self._jobs.append(Job(shared, queued))
            self._held += shared.page.nbytes
            self._waiting.update(seat for seat, _ in queued)
            self._idle.clear()
            self._more.set()
        shared_thread = [one for one in wanted if one[0].together is not None]
        alone = [one for one in wanted if one[0].trusted and one[0].together is None]
        if alone:
            await asyncio.gather(self._hand_together(shared_thread), *(self._hand(*one) for one in alone))
        else:
            await self._hand_together(shared_thread)

    async def run(self, _faults: int = 0) -> None:
        """Hands on what waits, until cancelled."""
        while True:
            self._more.clear()
            while self._jobs:
                job = self._jobs.popleft()
                try:
                    for seat, entries in job.wanted:
                        self._waiting[seat] -= 1
                        await self._hand(seat, entries)
                finally:
                    self._held -= job.shared.page.nbytes
            self._idle.set()
            await self._more.wait()

    async def drained(self) -> None:
        """Returns once nothing waits."""
        await self._idle.wait()

    @property
    def waiting(self) -> int:
        """Pages that wait."""
        return len(self._jobs)

    async def _chosen(self, seats: Sequence[Seat], shared: Shared) -> dict[int, Sequence[int]]:
        """The positions that each distinct `only` chooses: each is asked once, in the core."""
        page, chosen = shared.page, dict[int, Sequence[int]]()
        for seat in seats:
            key = _key(seat.only)
            if key in chosen:
                continue
            if seat.only is None:
                chosen[key] = range(len(page))
                continue
            loop = asyncio.get_running_loop()
            scan = await loop.run_in_executor(self.executor, seat.only.matcher.scan, page)
            chosen[key] = [position for position, _ in scan.hits]
        return chosen

    def _has_room(self, seat: Seat, entries: Entries, shared: Shared) -> bool:
        """Whether a page may wait for a module; else it is skipped, and that is told."""
        if self._waiting[seat] < seat.section.queue and self._held + shared.page.nbytes <= HELD:
            return True
        seat.figures.skipped += len(entries)
        now = self._clock.monotonic()
        at, before = self._skipped.get(seat, (-SILENCE, 0))
        if now - at >= SILENCE:
            many = seat.figures.skipped - before
            self._tell(
                f"module {seat.name}: {many:,} entries were skipped, as it is slower than what comes; give it `only`, "
                "or a longer `queue`",
                level="warning",
            )
            self._skipped[seat] = now, seat.figures.skipped
        return False

    async def _hand(self, seat: Seat, entries: Entries) -> None:
        try:
            results = await seat.process(entries)
        except (Failed, Off):
            return  # counted and told by the seat; the page comes again for nobody
        self._reporting.report(seat, results, entries)

    async def _hand_together(self, wanted: Sequence[tuple[Seat, Entries]]) -> None:
        """To those that share a thread, in one call of it."""
        shares = [Share(local, entries, seat.deadline) for seat, entries in wanted if (local := seat.together)]
        if not shares:
            return
        for (seat, entries), done in zip(wanted, await look(shares, self._clock), strict=True):
            seat.figures.entries += len(entries)
            try:
                results = seat.settle(done)
            except Failed:
                continue  # as in `_hand`
            self._reporting.report(seat, results, entries)


def _key(only: Watched | None) -> int:
    return 0 if only is None else id(only)
