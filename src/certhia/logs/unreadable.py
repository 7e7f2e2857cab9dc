"""Data tiles that nobody can read: too large, or of entries that can't be framed. A log must not stand still for them.

What is wrong for a time (a cache that is ill, a transfer that broke) is asked for again. What stays wrong is given up:
its leaf hashes are taken from the hash tile, so that the tree goes on, and its entries are quarantined.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from certhia.clock import Clock

PATIENCE = 900.0  # seconds until the first one is given up; half as long for each that follows
GOOD = 64  # tiles that could be read, for which the next one is waited for twice as long again
TRIES = 3
KEPT = 256  # tiles remembered


@dataclass(slots=True)
class _Tile:
    since: float  # monotonic
    tries: int = 0
    given_up: bool = False


class Unreadable:
    """Of one log. Told of each try; says which tiles are given up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tiles: OrderedDict[int, _Tile] = OrderedDict()
        self._given_up = 0  # as far as good tiles have not made up for it
        self._good = 0  # tiles since that changed last
        self._without = set[int]()  # tiles that were gone without, until there are KEPT
        self.alarm = ""  # once there is one; other words for the second, the fourth, the eighth

    def failed(self, tile: int) -> None:
        """The tile came and could not be read."""
        known = self._tiles.setdefault(tile, _Tile(self._clock.monotonic()))
        known.tries += 1
        while len(self._tiles) > KEPT:
            self._tiles.popitem(last=False)

    def read(self, tile: int) -> None:
        """The tile could be read."""
        self._tiles.pop(tile, None)
        self._good += 1
        if self._good >= GOOD:
            self._good, self._given_up = 0, max(self._given_up - 1, 0)

    def is_given_up(self, tile: int) -> bool:
        """Whether its hashes must do."""
        known = self._tiles.get(tile)
        if known is None:
            return False
        if not known.given_up:
            waited, wanted = self._clock.monotonic() - known.since, PATIENCE / 2**self._given_up
            known.given_up = known.tries >= TRIES and waited >= wanted
            if known.given_up:
                self._given_up, self._good = self._given_up + 1, 0
        return known.given_up

    def went_without(self, tile: int, reason: str) -> None:
        """The tile was given up, came once more, and could not be read."""
        if tile in self._without or len(self._without) >= KEPT:
            return
        self._without.add(tile)
        count = len(self._without)
        if count.bit_count() > 1:
            return
        several = f"; {count} tiles by now" if count > 1 else ""
        self.alarm = (
            f"serves entries that can't be read, in those from {tile * 256} on ({reason}){several}: "
            "quarantined by their hashes; `certhia quarantine list` names them"
        )
