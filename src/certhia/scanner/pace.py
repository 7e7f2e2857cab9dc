"""`--rate`: how many connections a second, evenly spread."""

from __future__ import annotations


class Pace:
    """Gives each connection its moment, 1/rate apart. Time not used is lost: there are no bursts after a pause.

    Args:
        rate: connections a second, more than 0.
    """

    def __init__(self, rate: float) -> None:
        self._gap = 1.0 / rate
        self._next = 0.0

    def take(self, now: float) -> float:
        """Seconds to wait before the next connection; the moment is then taken."""
        delay = self._next - now
        if delay <= 0.0:
            # What one turn of the loop is late by is made good, so that the rate holds; more is not.
            self._next = max(self._next, now - 0.01) + self._gap
            return 0.0
        self._next += self._gap
        return delay

    def until(self, now: float) -> float:
        """Seconds until a connection may begin at once; 0 where it may now. Takes nothing."""
        return max(0.0, self._next - now)
