"""Which issuances were seen before, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict

from certhia.clock import Clock


class Seen:
    """Remembers keys for `ttl` seconds, the `size` most recent ones. A key is remembered as long as it keeps coming."""

    def __init__(self, size: int, ttl: float, clock: Clock) -> None:
        self._size = max(size, 1)
        self._ttl = ttl
        self._clock = clock
        self._at: OrderedDict[bytes, float] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def resize(self, size: int, ttl: float) -> None:
        """Remembers so many keys, for so long, from now on."""
        self._size, self._ttl = max(size, 1), ttl
        while len(self._at) > self._size:
            self._at.popitem(last=False)

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: bytes) -> bool:
        """Whether `add` would say that `key` is known; changes and counts nothing."""
        at = self._at.get(key)
        return at is not None and self._clock.monotonic() - at < self._ttl

    @property
    def hit_rate(self) -> float:
        """Share of all keys that were seen before."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0

    def add(self, key: bytes) -> bool:
        """Whether `key` is new; remembers it either way."""
        now = self._clock.monotonic()
        known = key in self
        self._at.pop(key, None)
        self._at[key] = now
        if known:
            self.hits += 1
        else:
            self.misses += 1
            while len(self._at) > self._size:
                self._at.popitem(last=False)
        return not known
