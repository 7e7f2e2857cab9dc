"""How many bytes a second all bodies together may bring, and whose turn it is."""

from __future__ import annotations

from certhia.clock import Clock
from certhia.errors import ConfigError


class Bandwidth:
    """Holds all bodies together to `rate` bytes a second. What is not used for a second is not saved up for later.

    Small answers (heads, proofs) don't queue behind large ones: as long as they take less than half of the rate they
    wait for one another only, and the large ones pay for them.
    """

    SAVED = 0.25  # seconds' worth that may be read at once after a quiet time
    AHEAD = 0.5  # of the rate: what small answers may take without waiting for large ones

    def __init__(self, rate: float, clock: Clock) -> None:
        if rate <= 0:
            raise ConfigError(f"a bandwidth of {rate} bytes a second lets nothing in: give a positive number, or none")
        self.rate = rate
        self._clock = clock
        self._free_at = float("-inf")  # when all that was taken is paid for
        self._small_at = float("-inf")  # when what small answers took would be, at their share of the rate

    async def take(self, count: int, *, small: bool = False) -> float:
        """Accounts for `count` bytes and sleeps until they fit. Returns the seconds slept."""
        now = self._clock.monotonic()
        saved = now - self.SAVED
        ready = self._free_at = max(self._free_at, saved) + count / self.rate
        if small:
            self._small_at = max(self._small_at, saved) + count / (self.rate * self.AHEAD)
            ready = min(ready, self._small_at)
        wait = ready - now
        if wait <= 0:
            return 0.0
        await self._clock.sleep(wait)
        return wait
