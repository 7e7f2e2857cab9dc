"""One sink's part of the outbox: what waits for it, in order, and what becomes of failures.

- The sink can't be told (any exception): it keeps its place, and the same deliveries are tried again by its schedule.
  What has waited for `dead_after` while the sink failed all that time becomes a dead letter.
- It does not want these deliveries (`Refused`): each alone is tried, and those that are refused alone are held back, to
  be tried again by the schedule until that is at its end; the others go on.
- It wants nothing more (`Gone`): nothing is tried until a human asks for it, or the program is started again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from certhia.concerning import concerning
from certhia.errors import StateError, Throttled
from certhia.model import Delivery, Noting, Sink, SinkClosed
from certhia.sinks.digest import record as digest_record
from certhia.sinks.notes import MOST, Notes
from certhia.sinks.refusals import Gone, Refused
from certhia.sinks.terms import LONGEST_WAIT, Terms
from certhia.store.schema import DEAD, HELD

if TYPE_CHECKING:
    from certhia.clock import Clock
    from certhia.store import State

READ: Final = 500  # deliveries that are read at once
CALM: Final = 60.0  # seconds for which one that fails now and then is not told of again
MANY: Final = 3  # failures in a row that are told of all the same


class Queue:
    """One sink's part of the outbox."""

    def __init__(
        self,
        state: State,
        sink: Sink,
        clock: Clock,
        notice: Callable[[str, str], None],
        terms: Terms | None = None,
    ) -> None:
        self.sink = sink
        self.terms = terms or Terms()
        self.told = 0  # deliveries made by this process
        self.failing = ""  # why the last attempt failed; empty while all is well
        self.since: float | None = None  # Unix seconds when it began to fail
        self.next_at: float | None = None  # Unix seconds of the next attempt, while it fails
        self.gone = False  # nothing is tried until `again`
        self.failed = 0  # attempts of this process that failed, and refusals
        self.dead = 0  # dead letters made by this process
        self.oldest = 0  # the delivery that is being told; 0 while nothing waits
        self._state = state
        self._clock = clock
        self._notice = notice
        self._wake = state.writer.wake(sink.name)
        self._idle = asyncio.Event()
        self._over = False
        self._last = 0  # what is marked may not be committed yet: go on after it
        self._failures = 0
        self._told_of = False  # whether it was said that it fails
        self._noticed: float | None = None  # Unix seconds when that was said last
        self._afresh = True  # those held back are to be looked for
        self._at_once = asyncio.Event()
        self._hurry = asyncio.Event()  # what comes is not gathered
        self._ending = False  # somebody waits for the end
        self._held_until: float | None = None  # Unix seconds when the first of them is due
        self._rested = 0.0  # monotonic: what comes before is sent together
        self._free = 0.0  # monotonic: by the rate, nothing is sent before
        self._notes = Notes(state, sink.name, clock)
        self._tap = state.writer.tap(sink.name)
        self._kept_up = False  # whether all that is not in the tap was told
        state.writer.waiting(sink.name).bounds = self.terms.bounds

    async def run(self) -> None:
        """Delivers until cancelled. Raises SinkClosed where nobody reads the sink any more, StateError for storage."""
        while True:
            self._wake.clear()
            if self._afresh:
                await self._begin_again()
            if (first := self._notes.first) is not None:
                if await self._note(first[1], first[0]) is not None:
                    self._notes.done(first[0])
                continue
            due = await self._due()
            if not await self._go_on() and not due:  # many that are held back keep no others waiting
                self.oldest = 0
                self._idle.set()
                await self._something()
                self._idle.clear()
                await self._until(self._rested, self._hurry)
                if not self._ending:
                    self._hurry.clear()

    def note(self, record: Mapping[str, object]) -> None:
        """Has a record that is no match sent, where the sink takes such: before all that waits."""
        if not isinstance(self.sink, Noting):
            return
        lost = self._notes.lost
        self._notes.add(record)
        if self._notes.lost and not lost:
            self._notice(self.sink.name, f"more than {MOST} records besides matches wait: the oldest give way")
        self._wake.set()

    def again(self) -> None:
        """Everything is to be tried at once: those held back or revived, and a sink that is gone. For how long it
        failed is counted from now: what is revived would be dead again with the next failure."""
        self.gone = False
        self.since = self._clock.now() if self.failing else None
        self._afresh = True
        self._at_once.set()
        self._hurry.set()
        self._wake.set()

    async def drained(self) -> None:
        """Returns once nothing that was committed waits for the sink, or nobody reads it any more, or it is gone."""
        self._ending = True
        self._hurry.set()
        while not self._over and not self.gone and (self._wake.is_set() or not self._idle.is_set()):
            await self._idle.wait()
            await asyncio.sleep(0)  # a wake that was set just now: let `run` see it

    def close(self) -> None:
        """Nobody reads the sink any more: nothing is waited for."""
        self._over = True
        self.oldest = 0
        self._idle.set()

    # --- what is next ---

    async def _begin_again(self) -> None:
        """From the first that waits, and with a look at those held back."""
        self._afresh = False
        self._kept_up = False
        await self._notes.recall()
        await self._state.writer.durable()
        self._last = 0
        self._held_until = await self._state.held_until(self.sink.name)

    async def _something(self) -> None:
        """Waits until there may be something to do."""
        wait = None if self._held_until is None else max(self._held_until - self._clock.now(), 0.0)
        try:
            async with self._clock.deadline(wait):
                await self._wake.wait()
        except TimeoutError:
            pass  # one that was held back is due

    async def _due(self) -> bool:
        """Tries one that was held back and is due; False where there is none."""
        if self._held_until is None or self._held_until > self._clock.now():
            return False
        await self._state.writer.durable()
        found = await self._state.held(self.sink.name, self._clock.now())
        if found is not None:
            await self._deliver([found[0]], held=found[1])
            await self._state.writer.durable()
        self._held_until = await self._state.held_until(self.sink.name)
        return found is not None

    async def _go_on(self) -> bool:
        """Tells what is next; False where nothing waits."""
        closed = self._state.writer.waiting(self.sink.name).closed
        digest = closed[0] if closed else None
        before = digest.id if digest is not None else None
        deliveries = await self._next(before)
        if deliveries and self.terms.digest:
            self.oldest = deliveries[0].id
            await self._gather(deliveries[0].match.seen)
            self._kept_up = False
            deliveries = await self._next(before)
        for at in range(0, len(deliveries), self.terms.batch):
            some = deliveries[at : at + self.terms.batch]
            self.oldest = some[0].id
            await self._deliver(some)
            if self._afresh:
                return True
            self._last = some[-1].id
        if not deliveries and digest is not None:
            await self._state.writer.durable()  # what it counts
            told = await self._note(digest_record(digest))
            if told is None:
                return True
            self._state.writer.digested(digest)
            how = "told as a digest" if told else "it takes no digests; `certhia matches` shows them"
            self._notice(self.sink.name, f"{digest.count} matches were too many: {how}")
        waiting = self._state.writer.waiting(self.sink.name)
        if not deliveries and digest is None and waiting.open is not None:
            await self._state.writer.durable()  # what was told makes room: the digest may be closed by that
            return bool(waiting.closed)
        return bool(deliveries) or digest is not None

    async def _next(self, before: int | None) -> list[Delivery]:
        """The next ones, below `before`: from the tap where nothing else waits, else from the state."""
        most = max(READ, self.terms.batch)
        if self._kept_up and self._tap.whole:
            return self._tap.take(self._last, before, most)
        self._tap.open()
        found = await self._state.pending(self.sink.name, after=self._last, limit=most)
        self._kept_up = not found
        return [one for one in found if before is None or one.id < before]

    async def _gather(self, since: float) -> None:
        """Waits until the first of them, found at `since` (Unix seconds), has waited for long enough."""
        left = min(max(since + self.terms.digest - self._clock.now(), 0.0), self.terms.digest)
        await self._until(self._clock.monotonic() + left, self._at_once)
        self._at_once.clear()

    async def _until(self, then: float, unless: asyncio.Event) -> None:
        """Waits until then (monotonic seconds), or until that is set."""
        left = then - self._clock.monotonic()
        if left <= 0:
            return
        try:
            async with self._clock.deadline(left):
                await unless.wait()
        except TimeoutError:
            pass  # gathered

    # --- telling ---

    async def _note(self, record: Mapping[str, object], number: int | None = None) -> bool | None:
        """Sends a record that is no match, until it works; drops it where it is refused, or the sink takes none, and
        one with a number when it has waited for too long. Whether it was told; None where it is to be looked for again,
        as somebody may have dropped it."""
        sink = self.sink
        if not isinstance(sink, Noting):
            return False
        while True:
            try:
                await self._paced()
                await sink.note(record)
            except SinkClosed:
                raise
            except Refused as error:
                self._recover()
                if number is not None:
                    self._notice(sink.name, f"refuses what is no match: {error}")
                return False
            except Exception as error:  # noqa: BLE001  (as below)
                await self._failed([], error)
                if self._too_long():
                    await self._state.writer.durable()
                    await self._bury(await self._state.pending(sink.name, after=self._last, limit=READ), error)
                    if number is not None and self._notes.age(number) >= (self.terms.dead_after or 0.0):
                        self._notice(sink.name, f"a record that is no match waited too long, and is dropped: {error}")
                        return False
                if self._afresh:
                    return None
            else:
                self._recover()
                return True

    async def _deliver(self, deliveries: Sequence[Delivery], held: int | None = None) -> None:
        """Tells them, however long it takes, unless they die or are held back. `held`: how often one that was held back
        was tried before."""
        with concerning(deliveries[0].key if len(deliveries) == 1 else ""):
            await self._try(deliveries, held)

    async def _try(self, deliveries: Sequence[Delivery], held: int | None) -> None:
        writer, ids = self._state.writer, [delivery.id for delivery in deliveries]
        while deliveries:
            try:
                await self._paced()
                await self.sink.send(deliveries)
            except SinkClosed as closed:
                writer.delivered(self.sink.name, ids[: closed.told])
                self._attempted(ids[closed.told :], 0.0)
                raise
            except asyncio.CancelledError:
                self._attempted(ids, 0.0)  # some may have been told
                raise
            except Refused as error:
                self._recover()
                await self._refused(deliveries, error, held)
                return
            except Exception as error:  # noqa: BLE001  (a sink may be anybody's code: told, and tried again)
                await self._failed(deliveries, error)
                deliveries = await self._survivors(deliveries, error)
                if self._afresh:
                    return
                ids = [delivery.id for delivery in deliveries]
            else:
                writer.delivered(self.sink.name, ids)
                self._recover()
                self.told += len(ids)
                self._rested = self._clock.monotonic() + self.terms.spacing
                return

    async def _paced(self) -> None:
        if self.terms.rate is None:
            return
        now = self._clock.monotonic()
        if self._free > now:
            await self._clock.sleep(self._free - now)
        self._free = max(self._free, now) + 1 / self.terms.rate

    async def _refused(self, deliveries: Sequence[Delivery], error: Refused, held: int | None) -> None:
        """Finds which ones are meant, by trying each alone; holds those back, or gives them up."""
        if len(deliveries) > 1:
            for one in deliveries:
                await self._deliver([one])
                if self._afresh:
                    return
            return
        self.failed += 1
        tried = (held if held is not None else 0) + 1
        ids, now = [deliveries[0].id], self._clock.now()
        if self.terms.dead_after is not None and tried > len(self.terms.pauses):
            self._state.writer.aside(ids, DEAD, now, str(error))
            self.dead += 1
            self._notice(self.sink.name, f"a match was refused {tried} times and is a dead letter: {error}")
            return
        due = now + self._clock.jitter(self.terms.pause(tried))
        self._state.writer.aside(ids, HELD, due, str(error))
        self._held_until = min(due, self._held_until or due)
        if held is None:
            self._notice(self.sink.name, f"a match was refused, and is tried again later: {error}")

    async def _failed(self, deliveries: Sequence[Delivery], error: Exception) -> None:
        """Says so, and waits until the next attempt."""
        self._failures += 1
        self.failed += 1
        pause = self._clock.jitter(self.terms.pause(self._failures))
        if isinstance(error, Throttled) and error.retry_after is not None:
            pause = min(max(error.retry_after, self.terms.pauses[0]), LONGEST_WAIT)
        reason = str(error) if isinstance(error, Throttled | Gone) else f"{type(error).__name__}: {error}"
        self.gone, now = isinstance(error, Gone), self._clock.now()
        calm = self._noticed is not None and now - self._noticed < CALM
        if (not self.failing and not calm) or (self._failures == MANY and not self._told_of) or self.gone:
            self._told_of, self._noticed = True, now
            when = (
                "until you ask for it: certhia outbox retry"
                if self.gone
                else f"in {max(pause, 1.0):.0f} s and until it works"
            )
            what = "wants no more, tried again" if self.gone else "could not be told, tried again"
            self._notice(self.sink.name, f"{what} {when}: {reason}")
        self.failing = reason
        self.since = self.since if self.since is not None else now
        self.next_at = None if self.gone else now + pause
        self._attempted([delivery.id for delivery in deliveries], pause)
        self._at_once.clear()
        if self.gone:
            self._idle.set()  # who waits for the end waits for nothing
        try:
            async with self._clock.deadline(None if self.gone else pause):
                await self._at_once.wait()
        except TimeoutError:
            pass  # time for the next attempt
        self._idle.clear()

    def _too_long(self) -> bool:
        """Whether it has failed for so long that what waited as long is given up."""
        limit = self.terms.dead_after
        return limit is not None and self.since is not None and self._clock.now() - self.since >= limit

    async def _survivors(self, deliveries: Sequence[Delivery], error: Exception) -> list[Delivery]:
        """Those that are tried again; the others, and those like them behind them, are dead letters now."""
        if self._too_long():
            deliveries = await self._bury(deliveries, error)
        return [replace(one, repeat=True) for one in deliveries]

    async def _bury(self, deliveries: Sequence[Delivery], error: Exception) -> list[Delivery]:
        """What has waited for too long, of these and of all behind them, are dead letters now; gives what is left of
        these."""
        limit, now = self.terms.dead_after or 0.0, self._clock.now()
        kept = [one for one in deliveries if now - one.match.seen < limit]
        some, dead = list(deliveries), 0
        while some:
            old = [one.id for one in some if now - one.match.seen >= limit]
            self._state.writer.aside(old, DEAD, now, f"{type(error).__name__}: {error}")
            await self._state.writer.room()
            dead += len(old)
            behind = len(old) == len(some)
            some = await self._state.pending(self.sink.name, after=some[-1].id, limit=READ) if behind else []
        if dead:
            self.dead += dead
            self._afresh = True  # some of them may be read already
            self._notice(self.sink.name, f"{dead} matches waited too long and are dead letters: {self.failing}")
        return kept

    def _attempted(self, ids: Sequence[int], wait: float) -> None:
        try:
            self._state.writer.attempted(ids, self._clock.now() + wait)
        except StateError:
            return  # storage has failed, and the writer says so; the next start takes all that is pending for repeats

    def _recover(self) -> None:
        self._failures, self.since, self.next_at = 0, None, None
        self.failing = ""
        if self._told_of:
            self._told_of = False
            self._notice(self.sink.name, "is told again")
