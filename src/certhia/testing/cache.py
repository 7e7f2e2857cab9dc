"""Ready answers, kept while they fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Cache:
    """Bodies by key, at most `capacity` bytes of them; the one unused for longest goes first."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.nbytes = 0
        self._bodies: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """The body kept under `key`, or None."""
        body = self._bodies.get(key)
        if body is not None:
            self._bodies.move_to_end(key)
        return body

    def put(self, key: Hashable, body: bytes) -> bytes:
        """Keeps `body`, which is also returned."""
        self.nbytes += len(body) - len(self._bodies.pop(key, b""))
        self._bodies[key] = body
        while self.nbytes > self.capacity:
            self.nbytes -= len(self._bodies.popitem(last=False)[1])
        return body
