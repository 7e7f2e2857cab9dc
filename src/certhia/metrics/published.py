"""What ct-scout counts of its Redis, under its names and with its buckets."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final, Protocol, runtime_checkable

PUBLISHING: Final = (0.001, 0.005, 0.010, 0.025, 0.050, 0.100, 0.250, 0.500, 1.0, 2.5, 5.0)
"""Upper bounds of buckets, seconds; ct-scout's."""


class Durations:
    """How long something took, in buckets; the last one is of all that took longer."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(PUBLISHING) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Once more."""
        self.counts[bisect_left(PUBLISHING, seconds)] += 1
        self.seconds += seconds

    def take(self, other: Durations) -> None:
        """What the other one counted, besides."""
        self.counts = [one + more for one, more in zip(self.counts, other.counts, strict=True)]
        self.seconds += other.seconds


class Published:
    """Of one sink.

    Attributes:
        success, failure: how long writes took.
        connected: whether there is a connection.
        attempts: connections that were begun.
    """

    __slots__ = ("attempts", "connected", "failure", "success")

    def __init__(self) -> None:
        self.success, self.failure = Durations(), Durations()
        self.connected = False
        self.attempts = 0


@runtime_checkable
class Publishing(Protocol):
    """A sink that counts so."""

    published: Published
