"""Time, and chance. Nothing else in Certhia asks the machine for either, so tests can bring their own."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import Final

# macOS has no such name; its monotonic clock goes on in its sleep.
_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """The machine's clocks. Durations are seconds; `now` is Unix time in UTC.

    Deadlines and sleeps go by the running event loop's clock, which is monotonic: a jump of the wall clock
    moves no timeout. `certhia.testing.SimClock` replaces both clocks by simulated ones.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311  (spreads requests, guards nothing)

    def now(self) -> float:
        """Unix time in seconds. For display and for comparison with what logs claim, never for timeouts."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from an arbitrary point; never goes back."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return time.monotonic()

    def boot(self) -> float:
        """Seconds since the machine was started, sleep included: the same for all its processes, and nobody sets it."""
        return time.clock_gettime(_BOOT)

    async def sleep(self, seconds: float) -> None:
        """Sleep on the event loop's clock."""
        await asyncio.sleep(seconds)

    def deadline(self, seconds: float | None) -> asyncio.Timeout:
        """An async context that raises TimeoutError once `seconds` are over; None sets no limit."""
        return asyncio.timeout(seconds)

    def jitter(self, seconds: float, spread: float = 0.1) -> float:
        """`seconds`, moved at random by at most `spread` of itself either way."""
        return seconds * self._random.uniform(1.0 - spread, 1.0 + spread)

    def uniform(self, low: float, high: float) -> float:
        """A random number between `low` and `high`."""
        return self._random.uniform(low, high)


class Spent:
    """How often something was done, and how long it took all together."""

    __slots__ = ("seconds", "times")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.times = 0

    def add(self, seconds: float) -> None:
        """Once more."""
        self.seconds += seconds
        self.times += 1


def utc(seconds: float) -> datetime:
    """Unix seconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def iso(seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC with milliseconds: `2026-11-21T04:48:00.000Z`."""
    return utc(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
