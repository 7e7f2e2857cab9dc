"""How single logs are read, where the user says so: instead of what holds for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

from certhia.clock import Clock
from certhia.logs.select import log_url
from certhia.model import Log

Slot = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Single:
    """What holds for one log; None is what holds for all."""

    rate: float | None = None  # requests a second
    parallel: int | None = None  # requests at once
    page: int | None = None  # entries to ask for at once, of an RFC 6962 log
    poll: float | None = None  # seconds between heads

    @property
    def asks(self) -> tuple[float | None, int | None, int | None]:
        """What its requests depend on."""
        return self.rate, self.parallel, self.page


ALIKE: Final = Single()


class Singles:
    """What the user says of single logs, by the URL that people know them by."""

    def __init__(self, said: Mapping[str, Single] | None = None) -> None:
        self.said = dict(said or {})
        self._by_url = {log_url(url): single for url, single in self.said.items()}

    def of(self, log: Log) -> Single:
        """What holds for a log."""
        if not self._by_url:
            return ALIKE
        found = self._by_url.get(log_url(log.submission_url))
        return found or self._by_url.get(log_url(log.monitoring_url), ALIKE)

    def strange(self, logs: Sequence[Log]) -> list[str]:
        """URLs that none of the logs has."""
        known = {log_url(url) for log in logs for url in (log.submission_url, log.monitoring_url)}
        return [url for url in self.said if log_url(url) not in known]

    @property
    def slowest(self) -> float:
        """The longest time between two heads that is asked for, seconds."""
        return max((single.poll for single in self.said.values() if single.poll is not None), default=0.0)


class Turns:
    """Turns of one log's requests, by what the user allows it alone."""

    def __init__(self, single: Single, clock: Clock) -> None:
        self._clock = clock
        self._gap = 1.0 / single.rate if single.rate is not None else 0.0
        self._next_at = 0.0
        self._line = asyncio.Lock()
        self._room = asyncio.Semaphore(single.parallel) if single.parallel is not None else None

    def within(self, slot: Slot) -> Slot:
        """`slot`, entered when it is the log's turn."""

        @asynccontextmanager
        async def turn() -> AsyncIterator[None]:
            async with self._room if self._room is not None else nullcontext():
                if self._gap:
                    await self._wait()
                async with slot():
                    yield

        return turn

    async def _wait(self) -> None:
        async with self._line:
            now = self._clock.monotonic()
            while now < self._next_at:
                await self._clock.sleep(self._next_at - now)
                now = self._clock.monotonic()
            self._next_at = now + self._gap


def turns_of(single: Single, clock: Clock) -> Turns | None:
    """None where nothing is said of its requests."""
    return None if single.rate is None and single.parallel is None else Turns(single, clock)
