"""Tells sinks what the state says they are still to be told: in order, at least once, each at its own pace.

A delivery is marked after `send` has returned. A process that dies between the two tells it again at the next start,
as a repeat. Nothing polls: the writer wakes a sink's task when it has committed something for it. What becomes of
failures is each queue's affair: see `certhia.sinks.queue`.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from certhia.model import Sink, SinkClosed
from certhia.sinks.asked import SINKS, asked, fulfil, told
from certhia.sinks.breaker import Breakers
from certhia.sinks.queue import Queue
from certhia.sinks.terms import Terms
from certhia.supervision import supervised

if TYPE_CHECKING:
    from certhia.clock import Clock
    from certhia.store import State

NOTED: Final = 2.0  # seconds between two looks at how sinks are doing


class Outbox:
    """Delivers to all sinks. `closed` is set when nobody reads one of them any more: end quietly."""

    def __init__(
        self,
        state: State,
        sinks: Sequence[Sink],
        clock: Clock,
        *,
        notice: Callable[[str, str], None] = lambda _sink, _text: None,
        terms: Mapping[str, Terms] | None = None,
    ) -> None:
        """`notice` gets a sink's name and what there is to say of it: when it begins to fail, and when it recovers.
        `terms`: of those sinks that have their own."""
        self.closed = asyncio.Event()
        self._state = state
        self._clock = clock
        self._notice = notice
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._missing: Set[str] = set()  # sinks that something waits for, and that there are not
        self.queues = [self._queue(sink, (terms or {}).get(sink.name)) for sink in sinks]
        self._open = list(self.queues)

    def failing(self) -> dict[str, str]:
        """Why sinks can't be told now, by name; only those that can't."""
        return {queue.sink.name: queue.failing for queue in self.queues if queue.failing}

    def oldest(self) -> dict[str, int]:
        """The oldest delivery that waits, by sink; only of sinks that have one."""
        return {queue.sink.name: queue.oldest for queue in self.queues if queue.oldest}

    async def take(self, payload: str) -> str:
        """Does what another process asks for (`certhia.sinks.asked`); gives what came of it."""
        try:
            wish = asked(payload)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            return f"failed: the request makes no sense: {type(error).__name__}"
        count = await fulfil(self._state, wish, self._clock.now())
        for queue in self.queues:
            if queue.sink.name == wish.sink:
                queue.again()
        return told(wish, count)

    async def noting(self, breakers: Breakers) -> None:
        """Writes down how sinks and hosts are doing, for commands that look on, whenever that changes. Until
        cancelled."""
        before = ""
        while True:
            now = json.dumps({"sinks": self.standing(), "hosts": [asdict(one) for one in breakers.circuits]})
            if now != before:
                await self._state.remember(SINKS, now)
                before = now
            await self._clock.sleep(NOTED)

    def standing(self) -> dict[str, dict[str, object]]:
        """How each sink is doing, by name."""
        return {
            queue.sink.name: {
                "failing": queue.failing,
                "since": queue.since,
                "next_at": queue.next_at,
                "gone": queue.gone,
                "waiting": self._state.writer.waiting(queue.sink.name).rows,
                "too_many": one.count if (one := self._state.writer.waiting(queue.sink.name).open) else 0,
            }
            for queue in self.queues
        }

    async def run(self) -> None:
        """One task a sink, until cancelled. Raises StateError where the state can't be read or written."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for queue in self.queues:
                self._start(queue)
            self._say_who_is_missing()
            await asyncio.Event().wait()  # all may go, and others come

    async def replace(self, gone: Sequence[str], new: Mapping[str, tuple[Sink, Terms | None]]) -> None:
        """Ends the queues of sinks that are `gone`, and begins those of `new` ones; a name may be in both. What waits
        stays in the state. The sinks that went are the caller's to close."""
        for queue in [queue for queue in self.queues if queue.sink.name in gone]:
            self.queues.remove(queue)
            if queue in self._open:
                self._open.remove(queue)
            task = self._tasks.pop(queue.sink.name, None)
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        for sink, terms in new.values():
            queue = self._queue(sink, terms)
            self.queues.append(queue)
            self._open.append(queue)
            if self._group is not None:
                self._start(queue)
        self._say_who_is_missing()

    def note(self, sink: str, record: Mapping[str, object]) -> None:
        """Has a sink sent a record that is no match, where it takes such."""
        for queue in self.queues:
            if queue.sink.name == sink:
                queue.note(record)

    def _say_who_is_missing(self) -> None:
        """What waits for a sink that was renamed, or is no more, would wait for ever, and keep its matches."""
        there = {queue.sink.name for queue in self.queues}
        waited = self._state.writer.waited_for()
        for name in (waited.keys() - there) - self._missing:
            drop = f"certhia outbox drop {shlex.quote(name)} --waiting"
            self._notice(name, f"{waited[name]:,} deliveries wait for it, and there is no such sink now: {drop}")
        self._missing = waited.keys() - there

    def _queue(self, sink: Sink, terms: Terms | None) -> Queue:
        return Queue(self._state, sink, self._clock, self._notice, terms)

    def _start(self, queue: Queue) -> None:
        assert self._group is not None
        name = queue.sink.name
        self._tasks[name] = self._group.create_task(self._serve(queue), name=f"outbox {name}")

    async def drain(self, timeout: float | None, only: Collection[str] | None = None) -> bool:
        """Waits until everything that is committed has been told; False where that takes longer than `timeout` s.
        None: however long it takes. `only`: waits for these sinks, not for all."""
        try:
            async with self._clock.deadline(timeout):
                for queue in list(self._open):
                    if only is None or queue.sink.name in only:
                        await queue.drained()
        except TimeoutError:
            return False
        return True

    async def _serve(self, queue: Queue) -> None:
        """Runs a queue. A fault in it, such as no connection to read by in time, is told, and costs the others nothing:
        it begins again with the first delivery that waits."""

        async def work(faults: int) -> None:
            if faults:
                queue.again()
            try:
                await queue.run()
            except SinkClosed:
                queue.close()
                self._open.remove(queue)
                self.closed.set()

        await supervised(work, lambda text: self._notice(queue.sink.name, text), self._clock)
