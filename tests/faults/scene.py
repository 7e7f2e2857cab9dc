"""Several logs of a world, a whole pipeline that follows them, and what is true of them, for `promises` to compare.

Beside the logs that fall ill there is one that never does, and a follower that has that one alone, in a world of its
own: what it costs to follow it where nobody is ill.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tests.logs.bench import Bench, make
from tests.rig import Rig, Sheet

from certhia._core import Matcher, Page, Scan
from certhia.alarms.guard import Guarding
from certhia.errors import CerthiaError
from certhia.housekeeping import Housekeeping
from certhia.logs.reading import Reading
from certhia.model import Delivery, Hit, Match, Protocol, RuleHit
from certhia.pipeline import Pipeline
from certhia.rules.watchlist import Watchlist
from certhia.store import State
from certhia.testing import FakeLog, SimClock, SimulatedLoop, Template, World, templates

KINDS = {"argon": Protocol.RFC6962, "tuscolo": Protocol.STATIC, "hetu": Protocol.HYBRID, "willow": Protocol.STATIC}
WELL = "willow"  # nothing ever happens to it
ILL = tuple(name for name in KINDS if name != WELL)
POLL = 60.0
REFRESH = 600.0
INTERVAL = 300.0  # an alarm's
SIGNED = 300.0  # seconds between two heads of a log that stands still
UNPACKED = 4 << 20  # bytes of a tile: a sixteenth of what it is for users
READING = Reading(patience=0, poll_static=POLL, poll_rfc6962=POLL, verify_entries=64, unpacked=UNPACKED)
WATCHED = 8  # one entry in so many is told, the others are streamed
BOOM = "a defect in Certhia's core (boom); please report it with the input"


class Moody(Sheet):
    """A sink that sometimes writes half of what it is given, and then fails."""

    refuses = False

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        if self.refuses:
            self.told += deliveries[: (len(deliveries) + 1) // 2]
            raise OSError("the sink has no room")
        await super().send(deliveries)


class Defective:
    """Rules in which a panic of the core comes up, as often as it is told to: what its boundary makes of one. Pages of
    the log that is `spared` are scanned."""

    def __init__(self, inner: Watchlist, spared: FakeLog) -> None:
        self.inner, self.spared, self.times = inner, spared, 0
        self.matcher = cast("Matcher", self)

    def scan(self, page: Page, *, precerts: bool = True) -> Scan:
        if self.times > 0 and not self._is_spared(page):
            self.times -= 1
            raise CerthiaError(BOOM)
        return self.inner.matcher.scan(page, precerts=precerts)

    def _is_spared(self, page: Page) -> bool:
        return page.first < self.spared.size and page[0].leaf_hash == self.spared.tree.leaf(page.first)

    def hits(self, found: Sequence[Hit]) -> tuple[RuleHit, ...]:
        return self.inner.hits(found)

    def is_streamed(self, hits: Sequence[RuleHit]) -> bool:
        return self.inner.is_streamed(hits)


class Heard(Rig):
    """A rig that knows when what was said was said, and whose rules may break."""

    def __init__(self, world: World, directory: Path) -> None:
        super().__init__(world, directory, ["example.com", "."])
        self.at: list[float] = []
        self.broken: Defective | None = None

    def say(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.at.append(self.clock.monotonic())
        super().say(text, level=level, log=log)

    def build(self, state: State) -> Pipeline:
        pipeline = super().build(state)
        self.broken = Defective(self.watchlist, self.world.logs[WELL])
        self.watchlist = cast("Watchlist", self.broken)
        parts = pipeline._parts
        pipeline._house = Housekeeping(
            state,
            parts.paces,
            pipeline.statuses,
            parts.tell,
            clock=self.clock,
            run=pipeline.progress,
            look=REFRESH,
            save=REFRESH,
        )  # fmt: skip  (nobody looks on here, and hours pass)
        return pipeline


@dataclass(slots=True)
class Truth:
    """What is true of one log, by the world and by what was done to it."""

    log: FakeLog
    watched: set[int] = field(default_factory=set)  # entries that are to be told
    unreadable: set[int] = field(default_factory=set)  # that may be quarantined
    ill: int = 0  # faults that it has now
    false: bool = False  # it contradicts itself, or may
    frozen_at: int | None = None  # where it was verified to when it was found frozen
    verified: int = 0
    unseen_since: float | None = None  # monotonic: since when there have been entries and none was verified
    streamed: Counter[int] = field(default_factory=Counter)  # by this run
    run_from: int = 0  # verified position at the start of this run
    templates: list[Template] = field(default_factory=list)


class Scene:
    """The world, the pipeline and the truth. `run` runs a coroutine; `passes` lets simulated time go by."""

    def __init__(self) -> None:
        self.clock = SimClock()
        self.loop = SimulatedLoop(self.clock)
        self._place = tempfile.TemporaryDirectory(prefix="certhia-order-")
        self.world, self.apart = World(self.clock), World(self.clock)
        self.truth: dict[str, Truth] = {}
        for name, kind in KINDS.items():
            self.adopt(make(self.world, kind, name, **({} if kind is Protocol.STATIC else {"mmd": 60})))
        self.alone = Bench(self.apart, make(self.apart, KINDS[WELL], WELL), reading=READING)
        self.rig = Heard(self.world, Path(self._place.name))
        self.rig.sheet = self.sheet = Moody()
        self.rig.sinks = [self.sheet]
        self.rig.reading, self.rig.refresh = READING, REFRESH
        self.rig.guarding = Guarding(interval=INTERVAL, places=(Path(self._place.name),), poll=POLL)
        self.list_ill_since: float | None = None
        self.reloads = 0
        self.begun = 0.0  # monotonic: when this run began
        self._stack: AsyncExitStack | None = None
        self._lone: asyncio.Task[None] | None = None
        for name in KINDS:
            self.grow(name, 300)

    # --- the world ---

    def adopt(self, log: FakeLog) -> Truth:
        """A log that the world has."""
        truth = self.truth[log.name] = Truth(log)
        truth.templates = [
            *templates([self.world.ca.issue([f"{log.name}.example.com"])]),
            *templates([self.world.ca.issue([f"{log.name}{n}.other.test"], precert=bool(n % 2)) for n in range(7)]),
        ]
        return truth

    def grow(self, name: str, count: int) -> None:
        """So many more entries, published; nothing where the log takes no more."""
        truth, log = self.truth[name], self.truth[name].log
        if log.final is not None:
            return
        first = len(log.entries)
        truth.watched.update(range(first, first + count, WATCHED))
        log.extend_raw(truth.templates, count)
        log.publish()
        if name == WELL:
            self.alone.log.extend_raw(truth.templates, count)
            self.alone.log.publish()

    # --- time and the pipeline ---

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        self.loop.run_until_complete(work)

    def passes(self, seconds: float) -> None:
        """So many seconds; each log signs a head of its tree now and then, as logs do."""
        while seconds > 0:
            self.run(self.clock.sleep(min(seconds, SIGNED)))
            seconds -= SIGNED
            for log in (*self.world.logs.values(), self.alone.log):
                if log.final is None:
                    log.publish()

    @property
    def running(self) -> bool:
        """Whether the pipeline is at work."""
        return self._stack is not None

    @property
    def pipeline(self) -> Pipeline:
        return self.rig.pipeline

    @property
    def state(self) -> State:
        return self.rig.state

    def begin(self) -> None:
        """Starts following."""
        self._lone = self._lone or self.loop.create_task(self.alone.follower.run())
        self._stack = AsyncExitStack()
        self.begun = self.clock.monotonic()
        for truth in self.truth.values():
            truth.streamed.clear()
            truth.unseen_since = None
        self.rig.streamed.clear()
        self.run(self._enter(self._stack))
        self.passes(1)

    async def _enter(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self.rig.running())
        positions = await self.state.positions()
        for truth in self.truth.values():
            position = positions.get(truth.log.id)
            truth.run_from = position.end if position is not None else 0

    def stop(self) -> None:
        """Ends the run, as a user does."""
        if self._stack is not None:
            stack, self._stack = self._stack, None
            self.run(stack.aclose())

    def close(self) -> None:
        """Ends all."""
        try:
            self.stop()
        finally:
            if self._lone is not None:
                self._lone.cancel()
                self.run(_ended(self._lone))
            self.loop.close()
            self._place.cleanup()

    async def settle(self) -> None:
        """What is staged is committed, and what was streamed is sorted."""
        await self.state.writer.durable()
        self._sort(self.rig.streamed)
        now = self.clock.monotonic()
        for status in self.pipeline.statuses():
            truth = self.of(status.log.id)
            if status.frozen and truth.frozen_at is None:
                truth.frozen_at = status.verified
            if status.verified != truth.verified or status.verified >= truth.log.size or truth.log.size == 0:
                truth.unseen_since = None if status.verified >= truth.log.size else now
            elif truth.unseen_since is None:
                truth.unseen_since = now
            truth.verified = status.verified

    def _sort(self, streamed: list[Match]) -> None:
        for match in streamed:
            self.of(match.sighting.log_id).streamed[match.sighting.index] += 1
        streamed.clear()

    def of(self, log_id: bytes) -> Truth:
        """The truth of the log of that id."""
        return next(truth for truth in self.truth.values() if truth.log.id == log_id)


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.gather(task, return_exceptions=True)
