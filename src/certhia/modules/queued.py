"""Pages that wait for the modules of worker processes. One that is slow has those that are not go first."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from certhia.clock import Clock
from certhia.model import Tell
from certhia.modules.batch import Entries, Shared
from certhia.modules.seat import Seat

HELD: Final = 64 << 20  # bytes of pages that wait
SILENCE: Final = 600.0  # seconds between two words on what a module skipped
SLOW: Final = 0.25  # seconds of a call, as a mean: such a module waits until no other has anything to do
LAST: Final = 2.0  # seconds at the end of a run for what still waits

Wanted = Sequence[tuple[Seat, Entries]]


@dataclass(slots=True)
class Job:
    """A page that waits, what each module is to see of it, and for how many it is still held."""

    shared: Shared
    wanted: Wanted
    left: int


Call = tuple[Job, Seat, Entries]


class Queued:
    """Hands waiting pages on, one call at a time, by `hand`."""

    def __init__(self, hand: Callable[[Seat, Entries], Awaitable[None]], clock: Clock, tell: Tell) -> None:
        self._hand = hand
        self._clock = clock
        self._tell = tell
        self._jobs: deque[Job] = deque()
        self._front = deque[Call]()  # what is to be handed on of the oldest of them
        self._behind = deque[Call]()  # that of slow modules
        self._held = 0
        self._waiting = Counter[Seat]()
        self._going: asyncio.Task[None] | None = None  # the call that goes on
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._skipped: dict[Seat, tuple[float, int]] = {}  # when it was told last, and how many by then

    def add(self, shared: Shared, wanted: Wanted) -> None:
        """A page for these modules; those that have no room for it skip it."""
        queued = [one for one in wanted if self._has_room(*one, shared)]
        if not queued:
            return
        self._jobs.append(Job(shared, queued, len(queued)))
        self._held += shared.page.nbytes
        self._waiting.update(seat for seat, _ in queued)
        self._idle.clear()
        self._more.set()

    async def run(self, _faults: int = 0) -> None:
        """Hands on what waits, until cancelled; a call that goes on then comes to its end."""
        while True:
            self._more.clear()
            if self._going is not None:
                await asyncio.shield(self._going)
            while (call := self._next()) is not None:
                await self._call(*call)
            self._idle.set()
            await self._more.wait()

    async def drained(self) -> None:
        """Returns once nothing waits."""
        await self._idle.wait()

    async def end(self) -> None:
        """At the end of a run: what waits has a moment; what is left then is counted and told."""
        running = asyncio.get_running_loop().create_task(self.run())
        with suppress(TimeoutError):
            async with self._clock.deadline(LAST):
                await self.drained()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        left = Counter[Seat]()
        while (call := self._next()) is not None:
            _, seat, entries = call
            left[seat] += len(entries)
        for seat, many in left.items():
            self._skip(seat, many, "at the end")

    async def leave(self, seat: Seat) -> None:
        """Before a module goes: what waits for it has a moment; what is left then is counted and told. Whatever waits
        for others stays."""
        calls = self._taken(seat)
        if self._going is not None:
            await asyncio.wait([self._going])
        until = self._clock.monotonic() + LAST
        while calls and self._clock.monotonic() < until:
            await self._hand(*calls.popleft())
        if calls:
            self._skip(seat, sum(len(entries) for _, entries in calls), "when it was let go")

    @property
    def waiting(self) -> int:
        """Pages that wait."""
        return len(self._jobs) + len({id(job) for job, _, _ in (*self._front, *self._behind)})

    def _skip(self, seat: Seat, many: int, when: str) -> None:
        seat.figures.skipped += many
        self._tell(f"module {seat.name}: {many:,} entries still waited {when}: skipped", level="warning")

    def _taken(self, seat: Seat) -> deque[tuple[Seat, Entries]]:
        """Takes out what waits for one module."""
        while self._jobs:
            self._spread(self._jobs.popleft())
        taken = [call for call in (*self._behind, *self._front) if call[1] is seat]
        self._front = deque(call for call in self._front if call[1] is not seat)
        self._behind = deque(call for call in self._behind if call[1] is not seat)
        for job, _, _ in taken:
            self._gone(job)
        del self._waiting[seat]
        return deque((seat, entries) for _, _, entries in taken)

    def _spread(self, job: Job) -> None:
        for seat, entries in job.wanted:
            (self._behind if _is_slow(seat) else self._front).append((job, seat, entries))

    def _gone(self, job: Job) -> None:
        """One module fewer waits for it."""
        job.left -= 1
        if not job.left:
            self._held -= job.shared.page.nbytes

    def _next(self) -> Call | None:
        """The call that comes next: of a page all modules that are not slow, so that it is decoded once for them."""
        while not self._front and self._jobs:
            self._spread(self._jobs.popleft())
        waiting = self._front or self._behind
        return waiting.popleft() if waiting else None

    async def _call(self, job: Job, seat: Seat, entries: Entries) -> None:
        """Who is cancelled meanwhile costs nobody what was found."""
        self._waiting[seat] -= 1
        self._gone(job)
        self._going = asyncio.get_running_loop().create_task(self._one(seat, entries))
        await asyncio.shield(self._going)

    async def _one(self, seat: Seat, entries: Entries) -> None:
        try:
            await self._hand(seat, entries)
        finally:
            self._going = None

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
                f"module {seat.name}: {many:,} entries were skipped, as more comes than it, or another one of its "
                "process, has time for; give the slow one `only`, or this one a longer `queue`",
                level="warning",
            )
            self._skipped[seat] = now, seat.figures.skipped
        return False


def _is_slow(seat: Seat) -> bool:
    return seat.figures.seconds > SLOW * seat.figures.calls
