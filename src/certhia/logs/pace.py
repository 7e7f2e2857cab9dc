"""A turn for each request: what each host allows, as learned, within what the user allows all hosts together."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from certhia.clock import Clock
from certhia.errors import ConfigError
from certhia.logs.asked import Asked
from certhia.logs.limit import Limit
from certhia.logs.single import Single, Singles, Turns, turns_of
from certhia.model import Log

MOST = 64  # requests to one host at once
ALONE = 2  # good answers before a second request goes out beside the first
WIDENED = 0.25  # of a request, by each good answer: how the number at once grows
NARROWED = 0.7  # of it is left by a failure
CROWD = 8  # hosts: with more of them, first requests are spread
SPREAD = 0.8  # seconds


class Paces:
    """The pace of every host, and the limits on all of them together."""

    def __init__(
        self,
        clock: Clock,
        *,
        max_rate: float | None = None,
        max_parallel: int | None = None,
        remembered: Mapping[str, float] | None = None,
        singles: Singles | None = None,
    ) -> None:
        """`max_rate`: requests a second; `max_parallel`: requests at once; `remembered`: what `remember` gave in an
        earlier run; `singles`: what holds for single logs. Raises ConfigError for limits that let nothing through."""
        self.clock = clock
        self.singles = singles or Singles()
        self.limited = False
        self._gap = 0.0
        self._next_at = -math.inf
        self._room: asyncio.Semaphore | None = None
        self._most = 0  # that have room at once
        self._owed = 0  # requests whose end makes no room: there are more of them than there may be
        self._turn = asyncio.Lock()
        self._remembered = dict(remembered or {})
        self._hosts: dict[str, Pace] = {}
        self.restrict(max_rate, max_parallel)
        self.asked: dict[bytes, Asked] = {}  # by log id
        self._turns: dict[bytes, tuple[Single, Turns | None]] = {}  # likewise

    def restrict(self, max_rate: float | None, max_parallel: int | None) -> None:
        """Allows all hosts together this much from now on. Raises ConfigError for limits that let nothing through."""
        if max_rate is not None and max_rate <= 0:
            raise ConfigError(f"{max_rate:g} requests a second let nothing through: give a positive number, or none")
        if max_parallel is not None and max_parallel < 1:
            raise ConfigError(f"{max_parallel} requests at once let nothing through: give 1 or more, or none")
        self.limited = max_rate is not None or max_parallel is not None
        self._gap = 1.0 / max_rate if max_rate is not None else 0.0
        before, self._most = self._most, max_parallel or 0
        if self._room is None:
            if max_parallel is not None:
                self._room, self._owed = (
                    asyncio.Semaphore(max_parallel),
                    sum(one.flying for one in self._hosts.values()),
                )
            return
        freed = max_parallel - before if max_parallel is not None else len(self._hosts)  # at most one of each waits
        self._owed += max(-freed, 0)
        for _ in range(freed):
            self._release(self._room)
        if max_parallel is None:
            self._room = None

    def host(self, url: str) -> Pace:
        """The pace of the URL's host and port; the same one for all logs there."""
        name = urlsplit(url).netloc.rpartition("@")[2].lower()
        if name not in self._hosts:
            rate = self._remembered.get(name)
            known = rate if rate is not None and math.isfinite(rate) and rate > 0 else None
            delay = self.clock.uniform(0.0, SPREAD) if len(self._hosts) >= CROWD else 0.0
            self._hosts[name] = Pace(self, known, self.clock.monotonic() + delay)
        return self._hosts[name]

    def turns(self, log: Log) -> Turns | None:
        """Turns of one log's requests, the same ones for all who read it; None where it has no limits of its own."""
        single = self.singles.of(log)
        before = self._turns.get(log.id)
        if before is None or before[0] != single:
            before = self._turns[log.id] = single, turns_of(single, self.clock)
        return before[1]

    def remember(self) -> dict[str, float]:
        """Requests a second by host, for those whose limit is known: to be given to the next run. Hosts of earlier runs
        that were not asked in this one are kept."""
        kept = {name: rate for name, rate in self._remembered.items() if name not in self._hosts}
        return kept | {name: pace.rate for name, pace in self._hosts.items() if pace.rate is not None}

    async def enter(self) -> None:
        """Waits for room among the requests of all hosts. Each host has at most one request waiting here, so they take
        turns however many requests each of them has in mind."""
        if self._room is not None:
            await self._room.acquire()
        if self._gap:
            try:
                async with self._turn:
                    await self._wait()
            except BaseException:
                self.leave()
                raise

    def leave(self) -> None:
        """A request is over."""
        if self._room is not None:
            self._release(self._room)

    def _release(self, room: asyncio.Semaphore) -> None:
        if self._owed:
            self._owed -= 1
        else:
            room.release()

    async def _wait(self) -> None:
        now = self.clock.monotonic()
        while now < self._next_at:
            await self.clock.sleep(self._next_at - now)
            now = self.clock.monotonic()
        late = max(self._gap / 4, 0.005)  # what a late timer may make up for
        self._next_at = max(self._next_at, now - late) + self._gap


class Pace:
    """The pace towards one host: `async with pace.slot():` around each request, and inside one of `ok`, `throttled`,
    `failed`. Where no limit is known and few requests are out, a slot costs next to nothing."""

    def __init__(self, paces: Paces, rate: float | None, begin: float) -> None:
        """`rate`: requests a second, where known; `begin`: monotonic, when the first request may go."""
        self._paces = paces
        self._clock = paces.clock
        self._limit = Limit(rate)
        self._begin = begin
        self._width = 1.0 if rate is None else float(MOST)  # requests at once
        self._alone = ALONE
        self._flying = 0
        self._told = 0  # requests whose outcome was told, but whose slot isn't left yet
        self._line = asyncio.Lock()  # held by whoever is next
        self._changed = asyncio.Event()
        self._later = Later(self)

    @property
    def rate(self) -> float | None:
        """Requests a second that the host allows, where that is known."""
        return self._limit.remembered

    @property
    def flying(self) -> int:
        """Requests that are out now."""
        return self._flying

    def slot(self) -> Self:
        """An async context: entered when the request may go, left when its answer is there."""
        return self

    def later(self) -> Later:
        """The same for a request that lets all others go first."""
        return self._later

    @property
    def crowded(self) -> bool:
        """Whether a request waits for its turn."""
        return self._line.locked()

    async def changes(self) -> None:
        """Returns once a request is over, or none waits any more."""
        self._changed.clear()
        await self._changed.wait()

    async def __aenter__(self) -> None:
        if (
            self._flying >= int(self._width)
            or self._line.locked()
            or self._paces.limited
            or self._limit.limited
            or self._begin > -math.inf
        ):
            await self._wait()
        self._flying += 1
        self._limit.sent(self._clock.monotonic())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flying -= 1
        if self._told:
            self._told -= 1
        else:
            self._limit.dropped()
        if self._paces.limited:
            self._paces.leave()
        self._changed.set()

    async def _wait(self) -> None:
        """In line: until there is width, then until the host's rate allows it, then for room among all hosts."""
        try:
            async with self._line:
                await self._turn()
        finally:
            self._changed.set()  # nobody may be in line now

    async def _turn(self) -> None:
        while True:
            while self._flying >= int(self._width):
                self._changed.clear()
                await self._changed.wait()
            if not await self._rest():
                if not self._paces.limited:
                    return
                await self._paces.enter()
                if self._limit.ready_at() <= self._clock.monotonic():
                    return
                self._paces.leave()  # a refusal came meanwhile

    async def _rest(self) -> bool:
        """Sleeps until the next request may go; says whether it had to."""
        until = max(self._begin, self._limit.ready_at())
        now = self._clock.monotonic()
        if until <= now:
            self._begin = -math.inf
            return False
        await self._clock.sleep(until - now)
        return True

    def ok(self) -> None:
        """The server answered, with whatever but a refusal or a failure."""
        self._told += 1
        self._limit.answered(self._clock.monotonic())
        if self._alone:
            self._alone -= 1
        elif self._width < MOST:
            self._width += WIDENED
            self._changed.set()

    def throttled(self, retry_after: float | None) -> None:
        """429 or its like; `retry_after` in seconds, where the server said so."""
        self._told += 1
        self._limit.refused(self._clock.monotonic(), retry_after)

    def failed(self) -> None:
        """5xx, a timeout, a broken connection."""
        self._told += 1
        self._limit.failed()
        self._width = max(self._width * NARROWED, 1.0)


class Later:
    """The pace towards one host for requests that can wait: of those that do, one at a time stands in line, and only
    where nobody else does."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> None:
        pace = self._pace
        async with self._turn:
            while pace.crowded:
                await pace.changes()
            await pace.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pace.__aexit__(kind, error, trace)
