"""What honest servers do that clients must cope with: limits, lag, short answers, outages, old heads.

Each makes a `Fault` to put into `FakeLog.hooks`:

    log.hooks.append(fail(503, times=3))
    log.hooks.append(RateLimit(world.clock, rate=2, burst=5))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from itertools import cycle

from certhia.clock import Clock, utc
from certhia.net import Response
from certhia.testing.heads import SignedHead
from certhia.testing.request import Answer, Request, text


@dataclass(slots=True)
class Fault:
    """Does something to some of the requests to a log.

    Attributes:
        act: gives the answer, or None to let the request pass.
        endpoints: those concerned ("get-entries", "tile/data"); empty means all. See `Request.endpoint`.
        times: how many requests it still acts on; None for all.
        skip: how many it lets pass first.
        every: acts on each n-th request only.
        hits: how often it has acted.
    """

    act: Callable[[Request], Response | Answer | None]
    endpoints: frozenset[str] = field(default_factory=frozenset)
    times: int | None = None
    skip: int = 0
    every: int = 1
    hits: int = 0
    _seen: int = 0

    def __call__(self, request: Request) -> Response | Answer | None:
        """Acts, if the request is one of those concerned."""
        if (self.endpoints and request.endpoint not in self.endpoints) or (self.times is not None and self.times <= 0):
            return None
        self._seen += 1
        if self._seen <= self.skip or (self._seen - self.skip) % self.every:
            return None
        said = self.act(request)
        if said is not None:
            self.hits += 1
            self.times = None if self.times is None else self.times - 1
        return said


def _fault(
    act: Callable[[Request], Response | Answer | None], endpoints: Iterable[str], times: int | None, every: int = 1
) -> Fault:
    return Fault(act, frozenset(endpoints), times, every=every)


def fail(
    status: int = 503,
    *,
    times: int | None = None,
    endpoints: Iterable[str] = (),
    every: int = 1,
    body: bytes = b"",
    retry_after: str | None = None,
) -> Fault:
    """Answers with an error status."""
    headers = {"content-type": "text/plain"} | ({} if retry_after is None else {"retry-after": retry_after})
    return _fault(lambda _: Response(status, body or b"out of order\n", headers), endpoints, times, every)


def silent(*, times: int | None = None, endpoints: Iterable[str] = (), every: int = 1) -> Fault:
    """Closes the connection without an answer."""
    return _fault(lambda _: Answer(None), endpoints, times, every)


def slow(seconds: float, *, times: int | None = None, endpoints: Iterable[str] = (), every: int = 1) -> Fault:
    """Gives the right answer, late."""
    return _fault(lambda request: Answer(request.log.serve(request), seconds), endpoints, times, every)


def lag(entries: int, *, times: int | None = None, endpoints: Iterable[str] = (), every: int = 1) -> Fault:
    """A front end that has the first `entries` entries only, whatever head it shows."""

    def act(request: Request) -> Response:
        log = request.log
        shown, log.visible = log.visible, entries
        try:
            return log.serve(request)
        finally:
            log.visible = shown

    return _fault(act, endpoints, times, every)


def short(*counts: int, times: int | None = None) -> Fault:
    """get-entries answers of at most that many entries, in turn, fewer than were asked for."""
    turn = cycle(counts)

    def act(request: Request) -> Response:
        start, end = int(request.query["start"]), int(request.query["end"])
        query = {**request.query, "end": str(min(end, start + next(turn) - 1))}
        return request.log.serve(replace(request, query=query))

    return _fault(act, ("get-entries",), times)


def old_head(head: SignedHead, *, times: int | None = None, every: int = 1) -> Fault:
    """A front end that shows `head`, one of `FakeLog.heads`, for the present one."""

    def act(request: Request) -> Response:
        log = request.log
        shown, log.head = log.head, head
        try:
            return log.serve(request)
        finally:
            log.head = shown

    return _fault(act, ("get-sth", "checkpoint"), times, every)


@dataclass(slots=True)
class RateLimit:
    """A token bucket by the world's clock: 429 to all that is over it. Put it into `FakeLog.hooks`.

    Attributes:
        clock: the world's.
        rate: requests a second.
        burst: how many may come at once.
        retry_after: how the refusal says when to come back: "seconds", "date" (RFC 9110), "sloppy" (a date that ends
            in UTC and is up to a second early, as Skylight writes it), "" for not at all; any other text is sent as
            it is.
        endpoints: those that count; empty means all.
        refused, allowed: how many were.
    """

    clock: Clock
    rate: float
    burst: float = 1.0
    retry_after: str = ""
    endpoints: frozenset[str] = frozenset()
    refused: int = 0
    allowed: int = 0
    _tokens: float = -1.0
    _at: float = 0.0

    def __call__(self, request: Request) -> Response | None:
        """Lets the request pass or refuses it."""
        if self.endpoints and request.endpoint not in self.endpoints:
            return None
        now = self.clock.now()
        self._tokens = self.burst if self._tokens < 0 else min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens >= 1 - 1e-9:
            self._tokens = max(0.0, self._tokens - 1)
            self.allowed += 1
            return None
        self.refused += 1
        return text(429, "Too Many Requests", self._header(now + (1 - self._tokens) / self.rate))

    def _header(self, until: float) -> dict[str, str]:
        if not self.retry_after:
            return {}
        wait = math.ceil(until - self.clock.now() - 1e-6)
        date, early = (format_datetime(utc(rounded(until)), usegmt=True) for rounded in (math.ceil, math.floor))
        known = {"seconds": str(wait), "date": date, "sloppy": early.removesuffix("GMT") + "UTC"}
        return {"retry-after": known.get(self.retry_after, self.retry_after)}
