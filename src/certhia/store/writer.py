"""The one writer: whatever changes the state is staged here, and committed for all logs together.

Staging is synchronous and cheap. A commit is one transaction: at once where a match waits or somebody waits for
`durable`, else 250 ms after the first thing was staged. Positions, matches and deliveries move together. A commit that
fails is the end: it raises StateError out of `run` and `durable`, and nothing is taken after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from certhia.clock import Clock, Spent
from certhia.errors import StateError
from certhia.model import Delivery
from certhia.store import retention, submissions, upkeep
from certhia.store.batch import Batch, Tally
from certhia.store.commit import Commit, Outcome
from certhia.store.engine import Engine
from certhia.store.leases import RENEWED, Lease
from certhia.store.ledger import Track
from certhia.store.line import Line
from certhia.store.retention import Gone, Kept
from certhia.store.staging import Staging
from certhia.store.tap import Tap
from certhia.supervision import unbroken

INTERVAL: Final = 0.25  # seconds between commits where nothing is urgent
SPACING: Final = 0.02  # seconds between two commits, unless somebody waits
MOST_STAGED: Final = 5000  # calls that may wait for a commit before those who bring more have to wait

Result = TypeVar("Result")


class Writer(Staging):
    """Stages and commits. One for a state, made by `State.open`; used from one event loop.

    Attributes:
        before: awaited before each commit: what else must be safe before what was staged so far is. Raises nothing.
        spent: on commits of what was staged.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        where: Engine,
        clock: Clock,
        tracks: dict[int, Track],
        tallies: dict[str, Tally],
        lease: Lease | None = None,
    ) -> None:
        """`lease`: what keeps followers on other machines away, where there may be some."""
        super().__init__(where.label, clock, tracks, tallies)
        self.spent = Spent()
        self._engine = engine
        self._where = where
        self._lease = lease
        self._tallies = tallies
        self._lock = asyncio.Lock()  # one transaction at a time
        self._settled = asyncio.Event()  # replaced after every commit
        self._awaited = asyncio.Event()  # somebody waits for the next one
        self._running = False
        self._looked_to = 0  # the match up to which old certificates were looked for
        self._wakes: dict[str, asyncio.Event] = {}
        self._taps: dict[str, Tap] = {}
        self.before: Callable[[], Awaitable[None]] | None = None

    @property
    def sound(self) -> bool:
        """Whether no commit has failed so far."""
        return self._failed is None

    @property
    def staged(self) -> int:
        """How many calls wait for a commit."""
        return self._calls - self._committed

    def wake(self, sink: str) -> asyncio.Event:
        """An event that is set by each commit that brought deliveries for `sink`."""
        return self._wakes.setdefault(sink, asyncio.Event())

    def tap(self, sink: str) -> Tap:
        """Where each commit puts its deliveries for `sink`, once it is open."""
        return self._taps.setdefault(sink, Tap())

    # --- committing ---

    async def run(self) -> None:
        """Commits until cancelled. Cancelling waits for the commit under way; the rest is left to `flush`.

        Raises StateError when a commit fails: end the process.
        """
        self._running = True
        rested = self._clock.monotonic() - SPACING
        try:
            while True:
                await self._stirred()
                if not self._urgent.is_set():
                    await self._within(INTERVAL, self._urgent)
                # Matches that follow on each other are committed together; who waits is not kept waiting.
                if not self._awaited.is_set():
                    await self._within(rested + SPACING - self._clock.monotonic(), self._awaited)
                await self.flush()
                rested = self._clock.monotonic()
        finally:
            self._running = False
            self._settle()

    async def durable(self) -> None:
        """Returns once everything staged before is committed. Raises StateError where it can't be."""
        wanted = self._calls
        while self._committed < wanted:
            await self._settling()
        self._check()

    async def room(self) -> None:
        """Returns once no more than MOST_STAGED calls wait for a commit: memory stays flat however slow the disk is.

        Raises StateError where a commit fails.
        """
        while self.staged > MOST_STAGED:
            await self._settling()

    async def flush(self) -> None:
        """Commits what is staged now. Finishes also when cancelled meanwhile. Raises StateError."""
        await unbroken(self._flush())

    async def transaction(self, work: Callable[[AsyncConnection, dict[str, Tally]], Awaitable[Result]]) -> Result:
        """Runs `work` in a transaction of its own, between commits. Finishes also when cancelled meanwhile.

        `work` may change the tallies; it is for `work` to write them. Raises StateError.
        """
        return await unbroken(self._transaction(work))

    async def prune(self, max_matches: int = upkeep.MAX_MATCHES, before: float | None = None) -> int:
        """Deletes the oldest matches, which must have been delivered, down to `max_matches`, and all that were seen
        before `before` (Unix seconds). Gives their number."""
        work, total = partial(upkeep.prune, max_matches=max_matches, before=before), 0
        while gone := await self.transaction(work):
            total += gone
        return total

    async def keep(self, kept: Kept) -> Gone:
        """Lets go of what is older than is to be kept."""
        now = self._clock.now()
        matches = await self.prune(kept.most, None if kept.matches is None else now - kept.matches)
        leaves = await self._repeat(retention.strip, now, kept.leaves)
        letters = await self._repeat(retention.bury, now, kept.letters)
        alarms = await self._repeat(retention.silence, now, kept.alarms)
        ders = await self._let_go(now - submissions.KEPT)
        return Gone(matches, leaves, await self.compact(now - kept.steps), letters, alarms, ders)

    async def _repeat(self, work: Callable[..., Awaitable[int]], now: float, age: float | None) -> int:
        """Does it in transactions of their own until nothing is left that is older."""
        total = 0
        while age is not None and (gone := await self.transaction(partial(work, before=now - age))):
            total += gone
        return total

    async def _let_go(self, before: float) -> int:
        """Deletes certificates that are older and not needed; goes on where it was left, as many may be needed."""
        total = needed = 0
        while needed < submissions.LOOKED_AT:
            part = await self.transaction(partial(submissions.let_go, before=before, after=self._looked_to))
            total, needed, self._looked_to = total + part.gone, needed + part.needed, part.last
            if not part.last:
                break
        return total

    async def compact(self, before: float, log_id: bytes | None = None) -> int:
        """Makes one row of each hour's steps that are older than `before` (Unix seconds). Gives how many rows went."""
        tracks = list(self._tracks.values()) if log_id is None else [self._track(log_id)]
        works = [partial(upkeep.compact, log=track.id, before=before) for track in tracks]
        return sum([await self.transaction(work) for work in works])

    # --- inside ---

    async def _stirred(self) -> None:
        """Returns when something was staged; keeps the lease meanwhile."""
        if self._lease is None:
            await self._anything.wait()
            return
        while not self._anything.is_set():
            await self._within(RENEWED, self._anything)
            if not self._anything.is_set():
                await self.transaction(_nothing)

    async def _within(self, seconds: float, event: asyncio.Event) -> None:
        """Waits for `event`, for some seconds at most."""
        if seconds <= 0:
            return
        try:
            async with self._clock.deadline(seconds):
                await event.wait()
        except TimeoutError:
            pass  # it did not come: time to commit what there is

    async def _settling(self) -> None:
        """The next commit, under way or at once. Raises StateError where it fails."""
        self._check()
        settled = self._settled
        if self._running:
            self._awaited.set()
            self._urgent.set()
            self._anything.set()
            await settled.wait()
        else:
            await self.flush()

    def _rest(self) -> None:
        for event in (self._anything, self._urgent, self._awaited):
            event.clear()

    def _settle(self) -> None:
        settled, self._settled = self._settled, asyncio.Event()
        settled.set()

    async def _flush(self) -> None:
        async with self._lock:
            self._check()
            if self._calls == self._committed:
                # Somebody waited for what the commit before brought: nothing is left, and `run` must not look again.
                self._rest()
                return
            batch, calls = self._batch, self._calls
            batch.seal()
            self._batch, self._flying = Batch(), batch
            self._rest()
            if self.before is not None:
                await self.before()
            began = self._clock.monotonic()
            outcome = await self._attempt(lambda: self._write(batch))
            self.spent.add(self._clock.monotonic() - began)
            self._tallies.update(outcome.tallies)
            for log, end in outcome.ends.items():
                self._tracks[log].committed = end
            for log, proven in outcome.proven.items():
                self._tracks[log].proven = proven
            for log, unverified in outcome.unverified.items():
                self._tracks[log].unverified = unverified
            self._flying = Batch()
            self._committed = calls
            for match, told in outcome.new:
                for number, sink in told:
                    if (tap := self._taps.get(sink)) is not None:
                        tap.put(Delivery(number, match))
            for sink in outcome.rows:
                self._make_room(sink, outcome.rows[sink], outcome.bytes[sink])
            for sink in outcome.delivered_to:
                self.wake(sink).set()
            self._settle()

    async def _write(self, batch: Batch) -> Outcome:
        async with self._where.writing(self._engine) as line:
            if self._lease is not None and line.connection is not None:
                await self._lease.confirm(line.connection)
            outcome = await Commit(line, batch, self._tracks, self._tallies).write()
            if self._lease is not None and line.connection is not None:
                await line.ask()  # a lease is of a log that is there
                await self._lease.moved(line.connection, batch.new_logs, batch.moved_logs)
        return outcome

    def _make_room(self, sink: str, rows: int, size: int) -> None:
        waiting = self.waiting(sink)
        waiting.take(-rows, -size)
        if waiting.close() is not None:
            self.wake(sink).set()

    async def _transaction(self, work: Callable[[AsyncConnection, dict[str, Tally]], Awaitable[Result]]) -> Result:
        async with self._lock:
            self._check()
            result, self._tallies = await self._attempt(lambda: self._once(work))
            return result

    async def exchange(self, work: Callable[[Line], Awaitable[Result]]) -> Result:
        """The same in few trips, for what counts in no tally. Raises StateError."""
        return await unbroken(self._exchange(work))

    async def _exchange(self, work: Callable[[Line], Awaitable[Result]]) -> Result:
        async with self._lock:
            self._check()
            return await self._attempt(lambda: self._talk(work))

    async def _talk(self, work: Callable[[Line], Awaitable[Result]]) -> Result:
        async with self._where.writing(self._engine) as line:
            if self._lease is not None and line.connection is not None:
                await self._lease.confirm(line.connection)
            return await work(line)

    async def _attempt(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """One transaction; a second try only where another process was in the way."""
        try:
            try:
                return await work()
            except self._where.errors as error:
                if not self._where.busy(error):
                    raise
                return await work()
        except Exception as error:
            self._failed = error if isinstance(error, StateError) else self._where.failure(error)
            self._settle()
            raise self._failed from error

    async def _once(
        self, work: Callable[[AsyncConnection, dict[str, Tally]], Awaitable[Result]]
    ) -> tuple[Result, dict[str, Tally]]:
        tallies = {name: tally.copy() for name, tally in self._tallies.items()}  # a second try begins with them again
        async with self._engine.begin() as connection:
            if self._lease is not None:
                await self._lease.confirm(connection)
            result = await work(connection, tallies)
        return result, tallies


async def _nothing(_: AsyncConnection, __: dict[str, Tally]) -> None:
    """A transaction that only prolongs the lease."""
