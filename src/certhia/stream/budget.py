"""What a client may ask for in a while: over it, it is answered later."""

from __future__ import annotations

from typing import Final

from certhia._core import Filter
from certhia.clock import Clock

RULES: Final = 500  # that are read while one subscription of a few is
COMPILED: Final = 250_000  # bytes of expressions that are compiled meanwhile


class Budget:
    """So much in advance, and so much a second."""

    def __init__(self, clock: Clock, most: int, rate: float) -> None:
        """`most`: in advance; `rate`: a second."""
        self._clock = clock
        self._most, self._rate = most, rate
        self._left = float(most)
        self._at = clock.monotonic()

    def spend(self, work: float = 1.0) -> float:
        """Takes so much out of it; gives the seconds until that is in it."""
        now = self._clock.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._rate) - work
        self._at = now
        return max(0.0, -self._left / self._rate)


def work(wanted: Filter | None) -> float:
    """What a filter costs whoever reads it, beyond a subscription of a few rules, which costs 1."""
    return len(wanted) / RULES + wanted.nbytes / COMPILED if wanted is not None else 0.0
