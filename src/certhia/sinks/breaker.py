"""One circuit breaker for each host that sinks send to: a host that is down is asked by one of them, now and then.

Closed until FAILURES in a row; open then for a pause, which doubles each time; half open after it: the next one is let
through, and what comes of it decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from certhia.clock import Clock
from certhia.errors import Throttled

FAILURES: Final = 5
FIRST: Final = 10.0  # seconds
LONGEST: Final = 300.0  # seconds


@dataclass(frozen=True, slots=True)
class Circuit:
    """How one host is doing, for people. `state`: closed, open, half-open; `failures` in a row; `since`: Unix seconds
    of the first of them."""

    host: str
    state: str
    failures: int
    since: float | None
    reason: str


class Breaker:
    """That of one host. Whoever sends calls `enter`, then `done` or `failed`."""

    def __init__(self, host: str, clock: Clock) -> None:
        self.host = host
        self._clock = clock
        self._failures = 0
        self._since: float | None = None
        self._reason = ""
        self._pause = FIRST
        self._until = 0.0  # monotonic: nobody is let through before
        self._trying = False

    def enter(self) -> None:
        """Raises Throttled, which says for how long, where the host is not to be asked now."""
        if self._failures < FAILURES:
            return
        left = self._until - self._clock.monotonic()
        if left > 0 or self._trying:
            wait = max(left, 1.0)
            raise Throttled(
                f"{self.host} is not asked for {wait:.0f} s: it failed {self._failures} times in a row, at last so: "
                f"{self._reason}",
                wait,
            )
        self._trying = True

    def done(self) -> None:
        """It answered, whatever it said."""
        self._failures, self._since, self._reason, self._pause, self._trying = 0, None, "", FIRST, False

    def failed(self, reason: str) -> None:
        """It did not, or could not."""
        self._failures += 1
        self._since = self._since if self._since is not None else self._clock.now()
        self._reason = reason
        if self._failures >= FAILURES:
            self._until = self._clock.monotonic() + self._clock.jitter(self._pause)
            self._pause = min(2 * self._pause, LONGEST)
        self._trying = False

    def left(self) -> None:
        """Whoever entered was stopped before anything came of it."""
        self._trying = False

    @property
    def circuit(self) -> Circuit:
        """How it stands."""
        state = "closed"
        if self._failures >= FAILURES:
            state = "half-open" if self._clock.monotonic() >= self._until else "open"
        return Circuit(self.host, state, self._failures, self._since, self._reason)


class Breakers:
    """All of one process."""

    def __init__(self) -> None:
        self._by_host: dict[str, Breaker] = {}

    def of(self, host: str, clock: Clock) -> Breaker:
        """That of a host (`HOST:PORT`), made where there is none."""
        if host not in self._by_host:
            self._by_host[host] = Breaker(host, clock)
        return self._by_host[host]

    @property
    def circuits(self) -> list[Circuit]:
        """All of them, by host."""
        return [self._by_host[host].circuit for host in sorted(self._by_host)]
