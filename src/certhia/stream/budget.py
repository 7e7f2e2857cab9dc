"""What a client may ask for in a while: over it, it is answered later."""

from __future__ import annotations

from typing import Final

from certhia._core import Filter
from certhia.clock import Clock

RULES: Final = 500  # that are read while one subscription of a few is
COMPILED: Final = 250_000  # bytes of expressions that are compiled meanwhile
FORGIVEN: Final = 100  # of what was refused: five or six subscriptions
REPAID: Final = 2.0  # of it a second
DEBTORS: Final = 10_000  # addresses that are remembered
COMPILED_MOST: Final = 4 << 20  # bytes of expressions that the core takes of one client
TEXT: Final = 16 << 10  # bytes of text that are read meanwhile, whatever it says


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


class Debts:
    """What was read in vain of each address: whose subscriptions are refused again and again waits for longer and
    longer, also with new connections."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of: dict[str, Budget] = {}

    def owe(self, address: str, text: int) -> None:
        """A subscription of so many bytes was refused."""
        one = self._of.pop(address, None) or Budget(self._clock, FORGIVEN, REPAID)
        self._of[address] = one  # the last one to be forgotten
        if len(self._of) > DEBTORS:
            del self._of[next(iter(self._of))]
        one.spend(refusal(text))

    def due(self, address: str) -> float:
        """Seconds that an address waits before its next subscription is read."""
        known = self._of.get(address)
        return known.spend(0.0) if known is not None else 0.0


def work(wanted: Filter | None, text: int = 0) -> float:
    """What a subscription costs whoever reads it, beyond one of a few rules, which costs 1. `text`: bytes that were
    read for it."""
    cost = text / TEXT
    return cost if wanted is None else cost + len(wanted) / RULES + wanted.compiled / COMPILED


def refusal(text: int) -> float:
    """What it costs at most to find out that a subscription is refused: as much as one client may have compiled."""
    return work(None, text) + COMPILED_MOST / COMPILED
