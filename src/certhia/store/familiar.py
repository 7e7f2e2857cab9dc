"""What may be stored: what is surely new need not be asked for."""

from __future__ import annotations

from typing import Final

LEAST: Final = 1 << 22  # bits: 512 KiB, enough for 100,000 matches
MOST: Final = 1 << 27  # 16 MiB
EACH: Final = 48  # bits a match, which adds three digests
PROBES: Final = 4


class Familiar:
    """A Bloom filter of digests: of what it lacks none is stored or staged; of what it has, most are.

    Attributes:
        complete: whether all that is stored was added; until then anything may be.
    """

    def __init__(self, matches: int = 0) -> None:
        """Made for so many `matches`. More are no mistake: fewer of the others are surely new then."""
        size = LEAST
        while size < min(matches * EACH, MOST):
            size *= 2
        self.complete = False
        self._mask = size - 1
        self._bits = bytearray(size // 8)

    def add(self, digest: bytes) -> None:
        """It is stored, or about to be."""
        bits, mask, place = self._bits, self._mask, hash(digest)
        step = (place >> 32) | 1
        for _ in range(PROBES):
            at = place & mask
            bits[at >> 3] |= 1 << (at & 7)
            place += step

    def may_have(self, digest: bytes) -> bool:
        """Whether it may be stored."""
        if not self.complete:
            return True
        bits, mask, place = self._bits, self._mask, hash(digest)
        step = (place >> 32) | 1
        for _ in range(PROBES):
            at = place & mask
            if not bits[at >> 3] & (1 << (at & 7)):
                return False
            place += step
        return True
