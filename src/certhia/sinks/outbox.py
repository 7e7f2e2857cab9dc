"""Tells sinks what the state says they are still to be told: in order, at least once, each at its own pace.

A delivery is marked after `send` has returned. A process that dies between the two tells it again at the next start,
as a repeat. A sink that fails keeps its place: the same deliveries are tried again, 1 s later, then 2 s, to at most
5 min. Nothing polls: the writer wakes a sink's task when it has committed something for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from certhia.errors import StateError
from certhia.model import Delivery, Sink, SinkClosed

if TYPE_CHECKING:
    from certhia.clock import Clock
    from certhia.store import State

BATCH: Final = 500  # deliveries in one `send`
FIRST_PAUSE: Final = 1.0  # seconds
LONGEST_PAUSE: Final = 300.0  # seconds


class Queue:
    """One sink's part of the outbox."""

    def __init__(self, state: State, sink: Sink, clock: Clock, notice: Callable[[str, str], None]) -> None:
        self.sink = sink
        self.told = 0  # deliveries made by this process
        self.failing = ""  # why the last attempt failed; empty while all is well
        self.oldest = 0  # the delivery that is being told; 0 while nothing waits
        self._state = state
        self._clock = clock
        self._notice = notice
        self._wake = state.writer.wake(sink.name)
        self._idle = asyncio.Event()
        self._over = False

    async def run(self) -> None:
        """Delivers until cancelled. Raises SinkClosed where nobody reads the sink any more, StateError for storage."""
        last = 0  # what is marked may not be committed yet: go on after it
        while True:
            self._wake.clear()
            deliveries = await self._state.pending(self.sink.name, after=last, limit=BATCH)
            if deliveries:
                self.oldest = deliveries[0].id
                await self._deliver(deliveries)
                last = deliveries[-1].id
            else:
                self.oldest = 0
                self._idle.set()
                await self._wake.wait()
                self._idle.clear()

    async def drained(self) -> None:
        """Returns once nothing that was committed waits for the sink, or nobody reads it any more."""
        while not self._over and (self._wake.is_set() or not self._idle.is_set()):
            await self._idle.wait()
            await asyncio.sleep(0)  # a wake that was set just now: let `run` see it

    def close(self) -> None:
        """Nobody reads the sink any more: nothing is waited for."""
        self._over = True
        self.oldest = 0
        self._idle.set()

    async def _deliver(self, deliveries: Sequence[Delivery]) -> None:
        ids = [delivery.id for delivery in deliveries]
        pause = FIRST_PAUSE
        while True:
            try:
                await self.sink.send(deliveries)
            except SinkClosed as closed:
                self._state.writer.delivered(self.sink.name, ids[: closed.told])
                self._attempted(ids[closed.told :], 0.0)
                raise
            except asyncio.CancelledError:
                self._attempted(ids, 0.0)  # some may have been told
                raise
            except Exception as error:  # noqa: BLE001  (a sink may be anybody's code: told, and tried again)
                wait = self._clock.jitter(pause)
                self._fail(f"{type(error).__name__}: {error}", wait)
                self._attempted(ids, wait)
                await self._clock.sleep(wait)
                pause = min(2 * pause, LONGEST_PAUSE)
                deliveries = [replace(delivery, repeat=True) for delivery in deliveries]
            else:
                self._state.writer.delivered(self.sink.name, ids)
                self._recover()
                self.told += len(ids)
                return

    def _attempted(self, ids: Sequence[int], wait: float) -> None:
        try:
            self._state.writer.attempted(ids, self._clock.now() + wait)
        except StateError:
            return  # storage has failed, and the writer says so; the next start takes all that is pending for repeats

    def _fail(self, reason: str, wait: float) -> None:
        if not self.failing:
            self._notice(self.sink.name, f"could not be told, tried again in {wait:.0f} s and until it works: {reason}")
        self.failing = reason

    def _recover(self) -> None:
        if self.failing:
            self.failing = ""
            self._notice(self.sink.name, "is told again")


class Outbox:
    """Delivers to all sinks. `closed` is set when nobody reads one of them any more: end quietly."""

    def __init__(
        self,
        state: State,
        sinks: Sequence[Sink],
        clock: Clock,
        *,
        notice: Callable[[str, str], None] = lambda _sink, _text: None,
    ) -> None:
        """`notice` gets a sink's name and what there is to say of it: when it begins to fail, and when it recovers."""
        self.closed = asyncio.Event()
        self.queues = [Queue(state, sink, clock, notice) for sink in sinks]
        self._open = list(self.queues)
        self._clock = clock

    def failing(self) -> dict[str, str]:
        """Why sinks can't be told now, by name; only those that can't."""
        return {queue.sink.name: queue.failing for queue in self.queues if queue.failing}

    def oldest(self) -> dict[str, int]:
        """The oldest delivery that waits, by sink; only of sinks that have one."""
        return {queue.sink.name: queue.oldest for queue in self.queues if queue.oldest}

    async def run(self) -> None:
        """One task a sink, until cancelled. Raises StateError where the state can't be read or written."""
        async with asyncio.TaskGroup() as group:
            for queue in self.queues:
                group.create_task(self._serve(queue), name=f"outbox {queue.sink.name}")

    async def drain(self, timeout: float | None) -> bool:
        """Waits until everything that is committed has been told; False where that takes longer than `timeout` s.
        None: however long it takes."""
        try:
            async with self._clock.deadline(timeout):
                for queue in list(self._open):
                    await queue.drained()
        except TimeoutError:
            return False
        return True

    async def _serve(self, queue: Queue) -> None:
        try:
            await queue.run()
        except SinkClosed:
            queue.close()
            self._open.remove(queue)
            self.closed.set()
