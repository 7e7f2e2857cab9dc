"""What a client may ask for in a while: over it, it is answered later."""

from __future__ import annotations

from certhia.clock import Clock


class Budget:
    """So many in advance, and so many a second; for one caller at a time."""

    def __init__(self, clock: Clock, most: int, rate: float) -> None:
        """`most`: in advance; `rate`: a second."""
        self._clock = clock
        self._most, self._rate = most, rate
        self._left = float(most)
        self._at = clock.monotonic()

    async def spend(self) -> None:
        """Returns once one more is in it."""
        now = self._clock.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._rate) - 1
        self._at = now
        if self._left < 0:
            await self._clock.sleep(-self._left / self._rate)
