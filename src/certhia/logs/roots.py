"""Entries that come in order, hashed to the roots of the aligned blocks that their range consists of."""

from __future__ import annotations

from certhia._core import Edge, Page, cover
from certhia.errors import Lagging
from certhia.store.spans import Span


class Roots:
    """Hashes the entries of a range, which come in order, to the roots of `cover(*span)`.

    `blocks` has those that are whole: (level, index), hash of the first leaf, root.
    """

    def __init__(self, span: Span, *, keep: bool = False) -> None:
        """`keep`: the leaf hashes themselves, too."""
        self.leaves: bytearray | None = bytearray() if keep else None
        self.span = span
        self.at, self.end = span
        self.blocks: list[tuple[tuple[int, int], bytes, bytes]] = []  # (level, index), first leaf hash, root
        self.quarantined: list[int] = []  # indices
        self._places = cover(*span)
        self._edge = Edge()
        self._first = b""

    def append(self, page: Page) -> None:
        """The next entries; called off the event loop, once at a time."""
        if page.first != self.at:
            raise Lagging(f"entries from {self.at} on were asked for, and came from {page.first} on")
        hashes, at = page.leaf_hashes, 0
        if self.leaves is not None:
            self.leaves += hashes
        while at < len(hashes):
            level, index = self._places[len(self.blocks)]
            self._first = self._first or hashes[at : at + 32]
            room = ((1 << level) - self._edge.size) * 32
            some = hashes[at : at + room]
            self._edge.append(some)
            at += len(some)
            if self._edge.size == 1 << level:
                self.blocks.append(((level, index), self._first, self._edge.root()))
                self._edge, self._first = Edge(), b""
        self.at = page.end

    def leaves_of(self, start: int, end: int) -> bytes:
        """Leaf hashes of the entries [start, end), where they are kept; else nothing."""
        first = self.span[0]
        return bytes(self.leaves[32 * (start - first) : 32 * (end - first)]) if self.leaves is not None else b""
