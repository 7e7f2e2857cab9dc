"""A client that waits for a log that keeps refusing, says so, and gives it up in the end: for what is read once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from certhia._core import Edge, Entry, Page
from certhia.clock import Clock
from certhia.errors import Malformed, RemoteError, Throttled
from certhia.logs.client import Fetched, LogClient
from certhia.model import Head, Log

LONGEST: Final = 1800.0  # seconds without an answer but refusals, or a turn to ask, until it is given up
TELL_AFTER: Final = 60.0

T = TypeVar("T")


class Enduring:
    """Asks as `inner` does. Once the log was given up, every question raises RemoteError at once."""

    def __init__(self, inner: LogClient, clock: Clock, say: Callable[[str], None] = lambda _: None) -> None:
        """`say` is told that the log keeps us waiting, once each time."""
        self._inner = inner
        self._clock = clock
        self._say = say
        self._since: float | None = None  # monotonic: when it was first asked after its last answer
        self._said = False
        self._why = ""
        self.given_up = ""  # why; empty until then

    @property
    def log(self) -> Log:
        """As of `LogClient`, like all that follow."""
        return self._inner.log

    @property
    def alarm(self) -> str:
        return self._inner.alarm

    def plan(self, start: int, end: int) -> int:
        return self._inner.plan(start, end)

    def decode(self, fetched: Sequence[Fetched]) -> Page:
        return self._inner.decode(fetched)

    async def head(self) -> Head:
        return await self._within(self._inner.head())

    async def fetch(self, start: int, end: int, size: int) -> Fetched:
        return await self._within(self._inner.fetch(start, end, size))

    async def edge(self, head: Head, size: int | None = None) -> Edge:
        return await self._within(self._inner.edge(head, size))

    async def prove(self, edge: Edge, head: Head) -> tuple[str, tuple[bytes, ...]]:
        return await self._within(self._inner.prove(edge, head))

    async def siblings(self, level: int, index: int, leaf: bytes, head: Head) -> tuple[bytes, ...]:
        return await self._within(self._inner.siblings(level, index, leaf, head))

    async def precedes(self, older: Head, newer: Head) -> None:
        await self._within(self._inner.precedes(older, newer))

    async def entry(self, index: int, head: Head) -> Entry:
        return await self._within(self._inner.entry(index, head))

    async def find(self, leaf: bytes, index: int | None, head: Head) -> int | None:
        return await self._within(self._inner.find(leaf, index, head))

    async def issuer(self, fingerprint: bytes) -> bytes | None:
        return await self._within(self._inner.issuer(fingerprint))

    async def _within(self, question: Coroutine[Any, Any, T]) -> T:
        """One question, for as long as the log still has. Raises as it does, and RemoteError where that is over."""
        begun = self._clock.monotonic()
        since = self._since = begun if self._since is None else self._since
        left = max(since + LONGEST - begun, 0.0)
        if self.given_up or not left:
            question.close()
            raise self._over()
        limit = self._clock.deadline(left)
        try:
            async with limit:
                answer = await question
        except Throttled as error:
            self._refused(str(error), error.retry_after or 0.0)
            raise
        except TimeoutError:
            if not limit.expired():
                raise
            if self._since != since:  # other questions were answered since
                raise RemoteError(f"{self.log.url}: no answer within {LONGEST / 60:.0f} min") from None
            raise self._over() from None
        except (RemoteError, Malformed, asyncio.CancelledError):
            self._answered()  # in a way; whoever asks knows how often to ask again
            raise
        self._answered()
        return answer

    def _answered(self) -> None:
        self._since, self._said = None, False

    def _refused(self, why: str, wait: float) -> None:
        self._why = why
        now = self._clock.monotonic()
        waited = now - (now if self._since is None else self._since)
        if waited + wait >= TELL_AFTER and not self._said:
            self._said = True
            self._say(f"keeps us waiting: {why}; given up after {LONGEST / 60:.0f} min")

    def _over(self) -> RemoteError:
        refused = f": {self._why}" if self._why else ""
        self.given_up = self.given_up or f"given up after {LONGEST / 60:.0f} min without an answer{refused}"
        return RemoteError(self.given_up)
