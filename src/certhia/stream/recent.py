"""The last pages, as they are: nothing is serialised or hashed until somebody asks.

Held are some thousand entries at most; whoever wants more of the past has the history.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from certhia.errors import Malformed
from certhia.stream.blocks import Sheet

MOST: Final = 4 << 20  # bytes of pages
SIGHTINGS: Final = 16  # of one certificate that are told
SHORT: Final = 8  # bytes of a hash that are indexed


@dataclass(slots=True, eq=False)
class Kept:
    """A page, and which hashes are in it once that was asked."""

    sheet: Sheet
    places: dict[bytes, list[int]] | None = field(default=None)  # positions by the first bytes of a hash


class Recent:
    """The last pages of all logs, in the order of their coming."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: deque[Kept] = deque()
        self._held = 0  # bytes

    def hear(self, sheet: Sheet) -> None:
        """One more page; the oldest ones go."""
        if not len(sheet.page):
            return
        self._kept.append(Kept(sheet))
        self._held += sheet.page.nbytes
        while self._held > self._most and len(self._kept) > 1:
            self._held -= self._kept.popleft().sheet.page.nbytes

    @property
    def entries(self) -> int:
        """How many entries are held."""
        return sum(len(one.sheet.page) for one in self._kept)

    def pages(self) -> tuple[Kept, ...]:
        """The newest first."""
        return tuple(reversed(self._kept))


def find(pages: tuple[Kept, ...], digest: bytes) -> Iterator[tuple[Sheet, int]]:
    """Where a certificate is: pages and positions, the newest first. `digest`: SHA-256 of a certificate, of a
    precertificate as submitted, or of the TBS that both have. Takes its time; one call at a time."""
    for one in pages:
        if one.places is None:
            one.places = _places(one.sheet)
        for position in reversed(one.places.get(digest[:SHORT], ())):
            if digest in hashes(one.sheet, position):
                yield one.sheet, position


def hashes(sheet: Sheet, position: int) -> tuple[bytes, ...]:
    """What an entry's certificate is known by; nothing where it has none."""
    entry = sheet.page[position]
    try:
        tbs = (entry.certificate.tbs_sha256,)
    except Malformed:
        return ()
    return (hashlib.sha256(entry.submitted).digest(), *tbs) if entry.submitted else tbs


def several(positions: list[int]) -> bytes:
    """Positions as the core takes them."""
    return array("H", positions).tobytes()


def first(found: Iterator[tuple[Sheet, int]]) -> list[tuple[Sheet, int]]:
    """As many as are told."""
    return list(islice(found, SIGHTINGS))


def _places(sheet: Sheet) -> dict[bytes, list[int]]:
    places: dict[bytes, list[int]] = {}
    for position in range(len(sheet.page)):
        for digest in hashes(sheet, position):
            places.setdefault(digest[:SHORT], []).append(position)
    return places
