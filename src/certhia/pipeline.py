"""The only module that knows two stages: wires them, supervises the logs, applies a new log list by difference.

    followers (one task a log) ──▶ teller ──▶ writer (one transaction for all) ──▶ outbox ──▶ sinks

A log's illness, or an exception in its code, costs the others nothing; a fault of local storage ends everything.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection

from certhia._core import Issuers
from certhia.alarms.broken import PROMISE
from certhia.alarms.guard import Guard
from certhia.alarms.history import History
from certhia.alarms.unread import SEEN, Unread
from certhia.alarms.waiting import Queues
from certhia.backfilling import REQUEST, Backfilling
from certhia.errors import ConfigError, StateError
from certhia.freezing import ACCEPT, Freezing
from certhia.housekeeping import Housekeeping
from certhia.intake import Intake
from certhia.logs.budget import Budget
from certhia.logs.chains import Chains
from certhia.logs.client import client as make_client
from certhia.logs.follow import Follower
from certhia.logs.lists import Loaded
from certhia.logs.reading import Outlets, Reading
from certhia.logs.roster import Roster
from certhia.logs.select import Choice, Chosen, difference
from certhia.logs.snapshot import Run
from certhia.logs.sources import Sources
from certhia.logs.status import Status
from certhia.measuring import inner_of
from certhia.metrics.collecting import Inner
from certhia.metrics.stages import Workers
from certhia.model import Log, MatchKind, Summary
from certhia.parts import Parts
from certhia.quantity import Point
from certhia.refreshing import Refreshing
from certhia.reload import troubles
from certhia.sinks.asked import OUTBOX
from certhia.store import Position, State
from certhia.supervision import supervised, unless

STAGGER = 0.02  # seconds between the first requests of two logs
STAGGER_ALL = 2.0  # seconds until the last log's first request


class Pipeline:
    """Follows all chosen logs until `stop`, or until nothing is left to read."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._budget = Budget(parts.memory)
        self._issuers = Issuers()
        self._chains = Chains(self._issuers, self._ask_issuer, parts.clock)
        self._executor = Workers(2, parts.stages.core, parts.clock)
        self._outbox = parts.outbox()
        tell, clock, self.relayed = parts.tell, parts.clock, parts.beside.standing
        self._house = Housekeeping(parts.state, parts.paces, self.statuses, tell, clock=clock, run=self.progress)
        self._freezing = Freezing(parts.state, clock)
        self._old = Backfilling(
            parts,
            self._chains,
            self._issuers,
            self._budget,
            self._executor,
            freezing=self._freezing,
            chosen=lambda: self.chosen,
            follows=lambda log_id: log_id in self._tasks,
            again=self._again,
        )
        self._unread = Unread(parts.state, self.statuses)
        self._guard = Guard(
            parts.guarding,
            self.statuses,
            self._outbox.failing,
            parts.tell,
            clock=parts.clock,
            queues=lambda: Queues(self.state.writer.last_delivery, self._outbox.oldest()),
            history=History(parts.state, parts.clock),
            others=(self._old.past.look, self._unread.look, parts.beside.look, troubles(parts.reloads)),
        )
        self.guard = self._guard.adopt  # in another way from now on
        for one in parts.reloads:
            one.troubled = self._guard.soon
        self._roster = Roster(parts.state, parts.choice, parts.origin, parts.clock)
        self._intake = Intake(parts, self._chains, self._roster, self._matched)
        self._intake.attach(self._issuers, self._executor, self._freezing)
        self._followers: dict[bytes, Follower] = {}
        self._tasks: dict[bytes, asyncio.Task[None]] = {}
        self._logs: dict[bytes, Log] = {}  # what the tasks follow
        self._group: asyncio.TaskGroup | None = None
        self._stopped = asyncio.Event()
        self._began, self._since = parts.clock.monotonic(), parts.clock.now()
        self._lists = Refreshing(parts, self._roster, self._apply)
        self.chosen: tuple[Chosen, ...] = ()

    # --- seen from outside ---

    def stop(self) -> None:
        """Ends the run; nothing that was read is lost."""
        self._stopped.set()

    def reload(self) -> None:
        """Has all files read again, changed or not."""
        asked = [one for one in self._parts.reloads if one.paths]
        if not asked:
            self._parts.tell("there is nothing to read again: all rules were given with the command")
        for one in asked:
            one.ask()

    async def relist(self, sources: Sources, choice: Choice, origin: Point, loaded: Loaded) -> None:
        """See `Refreshing.relist`."""
        await self._lists.relist(sources, choice, origin, loaded)

    def reread(self, reading: Reading, *, precerts: bool, memory: int) -> None:
        """Reads the logs in this way from now on. Nothing is read twice, but where a log's requests change."""
        self._budget.resize(memory)
        for log_id in self._parts.reread(reading, precerts, self._followers.values()):
            self._again(log_id)

    def statuses(self) -> list[Status]:
        """Every log that is or was followed in this run."""
        return [follower.status for follower in self._followers.values()]

    @property
    def state(self) -> State:
        """Where positions and matches are kept."""
        return self._parts.state

    @property
    def dedupe_hit_rate(self) -> float:
        """Share of matches that were sightings of a known certificate."""
        return self._parts.teller.seen.hit_rate

    def summary(self) -> Summary:
        """What was done so far."""
        statuses = self.statuses()
        return Summary(
            logs=len(self._old.logs.union(self._followers)),
            entries=sum(status.entries for status in statuses) + self._old.entries,
            verified=self._intake.verified + self._old.verified,
            quarantined=sum(status.quarantined for status in statuses),
            matches=self._parts.teller.matches,
            possible=self._parts.teller.kinds[MatchKind.POSSIBLE],
            expected=self._parts.teller.kinds[MatchKind.EXPECTED],
            sightings=self._parts.teller.sightings,
            seconds=self._clock.monotonic() - self._began,
            alarms=tuple(dict.fromkeys((*self._guard.texts, *self._old.past.texts))),
            over=self._guard.over,
        )

    def progress(self) -> Run:
        """What was done so far, for commands that look on."""
        paces, lists = self._parts.paces, self._parts.sources.lists
        boot = self._clock.boot()
        return Run(os.getpid(), self._since, self.summary(), self._guard.now, paces.asked, lists.asked, boot)

    def inner(self) -> Inner:
        """What goes on inside, for its figures."""
        return inner_of(self._parts, self._outbox, self._budget, self._executor)

    # --- running ---

    async def run(self) -> Summary:
        """Raises StateError when local storage fails, ConfigError when no log is left to follow."""
        parts = self._parts
        async with asyncio.TaskGroup() as group:
            self._group = group
            writer = group.create_task(parts.state.writer.run(), name="writer")
            outbox = group.create_task(self._outbox.run(), name="outbox")
            background: list[asyncio.Task[None]] = []
            try:
                if await unless(self._stopped, self._load()):  # the lists; starts the logs
                    background += [group.create_task(self._survive(what, work)) for what, work in self._beside()]
                    await self._until_done()
                    if self._parts.last is not None and not self._outbox.closed.is_set():
                        await self._settle()
                        await unless(self._stopped, self._parts.last())
            finally:
                for task in (*self._tasks.values(), *background):
                    task.cancel()
                await asyncio.gather(*self._tasks.values(), *background, return_exceptions=True)
                self._intake.finish()
                await self._let_go(writer, outbox)
        return self.summary()

    def _beside(self) -> list[tuple[str, Callable[[int], Awaitable[None]]]]:
        """What runs beside the logs: what it is called when it breaks, and what to run, given how often it broke."""
        house, hub = self._house, self._parts.hub
        return [
            ("saving what is known of the logs", lambda _: house.snapshots()),
            ("letting go of what is old", lambda _: house.tidy(lambda: self._parts.keeping)),
            ("taking up requests", lambda _: house.requests(self._lists.now, self._answers())),
            ("reading what stood before", self._old.run),
            ("watching for alarms", lambda _: self._guard.watch(house.snapshot)),
            ("applying the log lists", self._lists.keep),
            ("noting how sinks are doing", lambda _: self._outbox.noting(self._parts.configured.outside.breakers)),
            ("telling of the backlog", lambda _: house.backlog(self._followers.values)),
            *self._parts.works.items(),
            *([("sending the stream", hub.run), ("compiling filters", hub.compile)] if hub is not None else ()),
            *((f"reading {one.what} again", work) for one in self._parts.reloads for work in (one.run, one.listen)),
        ]

    def _answers(self) -> dict[str, Callable[[str], Awaitable[str]]]:
        """Who takes up which requests of other processes."""
        own = {ACCEPT: self._go_on, REQUEST: self._old.take, OUTBOX: self._outbox.take}
        return {**own, PROMISE: self._guard.broken.take, SEEN: self._unread.take, **self._parts.answers}

    async def _survive(self, what: str, work: Callable[[int], Awaitable[None]]) -> None:
        await supervised(work, lambda text: self._parts.tell(f"{what}: {text}", level="error"), self._clock)

    async def _until_done(self) -> None:
        assert self._group is not None
        waits = [self._group.create_task(event.wait()) for event in (self._stopped, self._outbox.closed)]
        try:
            while self._tasks and not any(wait.done() for wait in waits):
                await asyncio.wait([*waits, *self._tasks.values()], return_when=asyncio.FIRST_COMPLETED)
                self._tasks = {key: task for key, task in self._tasks.items() if not task.done()}
        finally:
            for wait in waits:
                wait.cancel()

    async def _let_go(self, writer: asyncio.Task[None], outbox: asyncio.Task[None]) -> None:
        """Commits what is staged, gives sinks a moment, ends both tasks."""
        if not writer.done():
            try:
                await self._house.snapshot()
            except StateError:
                raise
            except Exception as error:  # noqa: BLE001  (a fault in our own code must not cost what is staged)
                self._parts.tell(f"what is known of the logs was not saved: {error!r}", level="error")
            if (added := self._parts.added) is not None:  # they hold nothing back of the last matches
                await self._settle({sink.name for sink in added.sinks})
                await added.finish()
            await self._settle()
            await self._parts.state.writer.durable()
        for task in (outbox, writer):
            task.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _settle(self, only: Collection[str] | None = None) -> None:
        await self._parts.state.writer.durable()
        await self._outbox.drain(self._parts.drain, only)

    # --- logs ---

    async def _load(self) -> None:
        parts = self._parts
        loaded = await parts.sources.load()
        positions = await parts.state.positions()
        await self._roster.recall()
        await self._freezing.recall()
        self._tell_notices(loaded)
        self._choose(loaded)
        assert self._group is not None
        if parts.backfill:
            self._tasks[b""] = self._group.create_task(self._old.fulfil(parts.backfill), name="backfill")
            return
        followed = [chosen.log for chosen in self.chosen if chosen.followed]
        for what, work in parts.beside.works(parts.shared(self._issuers, self._executor)).items():
            self._tasks[what.encode()] = self._group.create_task(self._survive(what, work), name=what)
        if not followed and not parts.beside.alone:
            raise ConfigError(f"none of the {len(self.chosen)} known logs is to be followed: `certhia logs` says why")
        for number, log in enumerate(followed):
            delay = min(number * STAGGER, STAGGER_ALL * number / len(followed))
            self._start(log, self._roster.point(log), positions.get(log.id), delay)
        self._roster.complete(loaded)

    def _tell_notices(self, loaded: Loaded) -> None:
        self._guard.loaded(loaded, self._roster.complete_at)
        for notice in loaded.notices:
            self._parts.tell(notice, level="warning" if notice in loaded.warnings else "info")

    def _choose(self, loaded: Loaded) -> None:
        done = {key for key, follower in self._followers.items() if follower.status.finished}
        self.chosen = self._roster.choose(loaded.logs, done)

    def _start(self, log: Log, origin: Point, position: Position | None, delay: float = 0.0) -> None:
        assert self._group is not None
        self._logs[log.id] = log
        self._tasks[log.id] = self._group.create_task(self._supervise(log, origin, position, delay), name=log.url)

    def _replace(self, log: Log) -> None:
        """Follows a log with new parameters; its place among the tasks is never empty, as that would end the run."""
        assert self._group is not None
        before = self._tasks[log.id]

        async def go_on() -> None:
            before.cancel()
            await asyncio.gather(before, return_exceptions=True)
            await self._supervise(log, self._parts.origin, None, 0.0, again=True)

        self._logs[log.id] = log
        self._tasks[log.id] = self._group.create_task(go_on(), name=log.url)

    async def _supervise(
        self, log: Log, origin: Point, position: Position | None, delay: float, *, again: bool = False
    ) -> None:
        """Runs one log's follower; whatever breaks in it is counted, and it starts again from the stored position.

        `again`: it was followed in this run before."""
        state = self._parts.state

        async def once(faults: int) -> None:
            state.writer.log(log)
            begin, stored = origin, position
            if again or faults:
                await state.writer.durable()
                begin, stored = self._roster.begun(log, origin), (await state.positions()).get(log.id)
                self._intake.rewound(log)
            follower = self._followers[log.id] = self._make(log, begin, stored)
            await follower.run()
            if follower.status.ended:
                self._roster.ended(log, follower.status.finished)
            self._notice(log, follower.status.finished)

        await self._clock.sleep(delay)
        await supervised(once, lambda text: self._notice(log, text, "error"), self._clock)

    def _make(self, log: Log, origin: Point, position: Position | None) -> Follower:
        parts = self._parts
        before = self._followers.get(log.id)
        outlets = Outlets(
            accept=self._intake.accept,
            step=self._intake.record,
            rewound=self._intake.rewound,
            unproven=self._intake.unproven,
            notice=self._notice,
            rules=parts.rules,
            precerts=parts.precerts,
            sought=self._intake.sought,
            freeze=self._freezing.freeze,
            keep=self._freezing.keep,
            recorded=self._freezing.recorded,
        )
        follower = parts.follower(
            make_client(log, parts.transport, parts.paces, self._issuers, self._clock, unpacked=parts.reading.unpacked),
            self._freezing.origin(log, origin, position),
            outlets,
            reading=parts.reading.of(log),
            budget=self._budget,
            clock=self._clock,
            executor=self._executor,
        )
        if before is not None:
            follower.carry(before)
        return follower

    async def _go_on(self, payload: str) -> str:
        return await self._freezing.accept(payload, self._again)

    def _again(self, log_id: bytes) -> None:
        if log_id in self._tasks:
            self._replace(self._logs[log_id])

    def _matched(self, log: Log, count: int) -> None:
        self._followers[log.id].status.matches += count

    async def _ask_issuer(self, log: Log, fingerprint: bytes) -> bytes | None:
        follower = self._followers.get(log.id)
        client = follower.client if follower is not None else self._old.client(log)
        return await client.issuer(fingerprint)

    def _notice(self, log: Log, text: str, level: str = "info") -> None:
        self._parts.tell(text, level=level, log=log.description or log.url)

    # --- beside the logs ---

    async def _apply(self, loaded: Loaded) -> None:
        parts, loaded = self._parts, self._roster.sustain(loaded)
        self._tell_notices(loaded)
        self._choose(loaded)
        wanted = {chosen.log.id: chosen.log for chosen in self.chosen if chosen.followed}
        running = tuple(log for key, log in self._logs.items() if key in self._tasks)
        changes = difference(running, tuple(wanted.values()))
        for key in wanted.keys() & self._followers.keys():
            if self._followers[key].ending:  # it was not wanted for a moment
                self._again(key)
        for log in changes.gone:
            if (follower := self._followers.get(log.id)) is None or not follower.ending:
                self._notice(log, "no longer to be followed: finishes what it has")
            if follower is not None:
                follower.finish("no longer to be followed")
            else:
                self._tasks[log.id].cancel()  # it hasn't begun
        for log in changes.changed:
            self._notice(log, "changed in the log list: goes on with its new parameters")
            self._replace(log)
        await parts.state.writer.durable()
        positions = await parts.state.positions()
        for log in changes.added:
            self._notice(log, "new in the log list")
            self._start(log, self._roster.point(log), positions.get(log.id))
        self._roster.complete(loaded)
