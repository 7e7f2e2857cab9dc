"""A whole pipeline over a test world: its state, what it tells, and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from certhia.alarms.guard import Guarding
from certhia.dedupe import Seen
from certhia.logs.heads import check_head
from certhia.logs.lists import Lists
from certhia.logs.pace import Paces
from certhia.logs.reading import Reading
from certhia.logs.select import Choice
from certhia.logs.sources import Sources
from certhia.model import Delivery, Match, Sink, Summary
from certhia.net import Response, Transport
from certhia.parts import Parts
from certhia.pipeline import Pipeline
from certhia.quantity import Point
from certhia.rules.watchlist import Watchlist
from certhia.sinks.configured import Sinks
from certhia.sinks.open import Outside
from certhia.store import State
from certhia.store.fsck import check
from certhia.store.retention import Kept
from certhia.stream.hub import Hub
from certhia.telling import Limits, Teller
from certhia.testing import World

LIST = "http://world.test/log_list.json"


class Sheet:
    """A sink that writes down what it is told."""

    name = "sheet"

    def __init__(self) -> None:
        self.told: list[Delivery] = []

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        self.told += deliveries

    async def close(self) -> None:
        pass


class Faulty:
    """A transport whose n-th request raises something that nobody expects, by the URLs that `wanted` names."""

    def __init__(self, inner: Transport, at: int, error: BaseException, wanted: Callable[[str], bool]) -> None:
        self.inner, self.at, self.error, self.wanted = inner, at, error, wanted
        self.seen = 0

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        if self.wanted(url):
            self.seen += 1
            if self.seen == self.at:
                raise self.error
        return await self.inner.get(url, headers=headers, cap=cap, timeout=timeout)

    async def close(self) -> None:
        await self.inner.close()


class Rig:
    """What all runs over one world and one state directory share."""

    def __init__(self, world: World, directory: Path, rules: Sequence[str] = ("example.com",)) -> None:
        self.world = world
        self.clock = world.clock
        self.directory = directory
        self.rules = list(rules)
        self.sheet = Sheet()
        self.sinks: list[Sink] = [self.sheet]
        self.streamed: list[Match] = []
        self.said: list[tuple[str, str, str]] = []  # level, log, text
        self.transport: Transport = world.transport(latency=0.01)
        self.origin = Point("beginning")
        self.reading = Reading(poll_static=2, poll_rfc6962=3, patience=5, verify_entries=64)
        self.refresh = 6 * 3600.0
        self.guarding = Guarding(places=(directory,))
        self.choice = Choice()
        self.accept_drop = False
        self.limits = Limits()
        self.backfill = ""
        self.room: Callable[[], Awaitable[None]] | None = None
        self.hub: Hub | None = None
        self.works: Mapping[str, Callable[[int], Awaitable[None]]] = {}
        self.last: Callable[[], Coroutine[Any, Any, None]] | None = None
        self.dedupe = 100_000
        self.pipeline: Pipeline
        self.state: State
        self.summary: Summary | None = None

    def say(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append((level, log, text))

    @property
    def texts(self) -> list[str]:
        """What was said, for people: without what only --verbose shows, and the word on the unsigned list."""
        return [text for level, _, text in self.said if level != "debug" and "not signed" not in text]

    def build(self, state: State) -> Pipeline:
        """A pipeline of these parts."""
        clock = self.clock
        self.watchlist = Watchlist.load(self.rules)
        names = [sink.name for sink in self.sinks]
        seen = Seen(self.dedupe, 7 * 86_400.0, clock)
        self.teller = Teller(state, seen, names, self.streamed.append, limits=self.limits, clock=clock)
        folder, choice, accept = self.directory / "lists", self.choice, self.accept_drop
        lists = Lists(self.transport, clock, folder, lists=(), files=(LIST,), choice=choice, accept_drop=accept)
        return Pipeline(
            Parts(
                state=state,
                sources=Sources(lists, self.choice, (), self.transport, clock, {}),
                refresh=self.refresh,
                choice=self.choice,
                transport=self.transport,
                rules=lambda: self.watchlist,
                teller=self.teller,
                sinks=self.sinks,
                configured=Sinks(Outside(clock, self.say, "certhia/test"), ()),
                paces=Paces(clock),
                reading=self.reading,
                origin=self.origin,
                memory=64_000_000,
                precerts=True,
                keeping=Kept(),
                guarding=self.guarding,
                clock=clock,
                tell=self.say,
                backfill=self.backfill,
                room=self.room,
                hub=self.hub,
                works=self.works,
                last=self.last,
            )
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Pipeline]:
        """The pipeline at work; stopped at the end, when its summary is there."""
        async with await State.open(self.directory, clock=self.clock, follow=True) as state:
            self.state = state
            self.pipeline = self.build(state)
            task = asyncio.get_running_loop().create_task(self.pipeline.run())
            try:
                yield self.pipeline
                self.pipeline.stop()
                self.summary = await task
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def run(self, seconds: float) -> Summary:
        """One run of that length."""
        async with self.running():
            await self.clock.sleep(seconds)
        assert self.summary is not None
        return self.summary

    async def stored(self) -> dict[tuple[str, ...], Match]:
        """The matches of the state, by names."""
        async with await State.open(self.directory, clock=self.clock, follow=False) as state:
            return {stored.match.names: stored.match for stored in await state.matches(limit=100_000)}

    async def check(self) -> None:
        """The state proves what it says; every entry of every log is verified, and what was told was told once."""
        async with await State.open(self.directory, clock=self.clock, follow=False) as state:
            assert await check(state, check_head) == []
            positions = await state.positions()
        for log in self.world.logs.values():
            position = positions[log.id]
            assert position.end == log.size, log.name
        ids = [delivery.id for delivery in self.sheet.told]
        assert len(ids) == len(set(ids))
        keys = [delivery.match.key for delivery in self.sheet.told]
        assert len(keys) == len(set(keys))
