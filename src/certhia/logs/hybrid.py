"""Logs that answer RFC 6962 and serve data tiles too: heads and proofs from the one, entries from the other."""

from __future__ import annotations

from collections.abc import Sequence

from certhia._core import Edge, Entry, Page
from certhia.errors import BadAnswer, Lagging, Malformed
from certhia.logs.client import Fetched
from certhia.logs.rfc6962 import Rfc6962Client
from certhia.logs.static import StaticClient
from certhia.logs.tiles import WIDTH
from certhia.model import Head, Log

ILL = 1024  # tiles that are remembered as such


class HybridClient:
    """See LogClient. Full data tiles where they are, get-entries for the tail and for tiles that are missing."""

    def __init__(self, log: Log, heads: Rfc6962Client, tiles: StaticClient) -> None:
        self.log = log
        self._heads = heads
        self._tiles = tiles
        self._ill: set[int] = set()  # where tiles begin that could not be decoded

    async def head(self) -> Head:
        """From get-sth."""
        return await self._heads.head()

    def plan(self, start: int, end: int) -> int:
        """To the end of the tile where `end` covers it, else as get-entries' pages go."""
        boundary = start - start % WIDTH + WIDTH
        return boundary if boundary <= end else self._heads.plan(start, end)

    async def fetch(self, start: int, end: int, size: int) -> Fetched:
        """See LogClient.fetch."""
        boundary = start - start % WIDTH + WIDTH
        if boundary <= min(end, size) and boundary - WIDTH not in self._ill:
            try:
                return await self._tiles.fetch(start, boundary, size)
            except Lagging:  # the tiles may come later than the head, or not at all
                pass
            except BadAnswer:
                self._passes_over({boundary - WIDTH})
        return await self._heads.fetch(start, min(end, boundary), size)

    def _passes_over(self, tiles: set[int]) -> None:
        """Asks get-entries for what these tiles should hold, from now on."""
        self._ill = tiles | (self._ill if len(self._ill) < ILL else set())

    def decode(self, fetched: Sequence[Fetched]) -> Page:
        """See LogClient.decode."""
        pages: list[Page] = []
        at = 0
        while at < len(fetched):
            tile, end = fetched[at].tile, at + 1
            while end < len(fetched) and fetched[end].tile == tile:
                end += 1
            kind = self._tiles if tile else self._heads
            try:
                page = kind.decode(fetched[at:end])
            except Malformed:
                if tile:  # get-entries may give them: an entry that nobody can frame is no end of an answer there
                    self._passes_over({one.start for one in fetched[at:end]})
                raise
            if pages and page.first < pages[-1].end:
                page = page.slice(pages[-1].end, page.end)
            pages.append(page)
            at = end
        return pages[0] if len(pages) == 1 else Page.join(pages)

    @property
    def alarm(self) -> str:
        """None: tiles that can't be read are had from get-entries."""
        return ""

    async def edge(self, head: Head, size: int | None = None) -> Edge:
        """By RFC 6962."""
        return await self._heads.edge(head, size)

    async def prove(self, edge: Edge, head: Head) -> tuple[str, tuple[bytes, ...]]:
        """By RFC 6962."""
        return await self._heads.prove(edge, head)

    async def siblings(self, level: int, index: int, leaf: bytes, head: Head) -> tuple[bytes, ...]:
        """By RFC 6962."""
        return await self._heads.siblings(level, index, leaf, head)

    async def precedes(self, older: Head, newer: Head) -> None:
        """By RFC 6962."""
        await self._heads.precedes(older, newer)

    async def entry(self, index: int, head: Head) -> Entry:
        """By RFC 6962."""
        return await self._heads.entry(index, head)

    async def find(self, leaf: bytes, index: int | None, head: Head) -> int | None:
        """By RFC 6962."""
        return await self._heads.find(leaf, index, head)

    async def issuer(self, fingerprint: bytes) -> bytes | None:
        """From what was seen, else from `issuer/`."""
        return await self._tiles.issuer(fingerprint)
