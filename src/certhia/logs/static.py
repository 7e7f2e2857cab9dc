"""Logs that are files: checkpoints, tiles and issuers of C2SP static-ct-api (and tlog-tiles)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from certhia._core import Edge, Entry, Issuers, Page
from certhia.errors import BadAnswer, Lagging, Malformed, Unverified
from certhia.logs.client import PAGE, UNPACKED, Fetched, Line, contradiction
from certhia.logs.heads import read_checkpoint
from certhia.logs.tiles import WIDTH, HashTiles, tile_path, width_at
from certhia.logs.unreadable import Unreadable
from certhia.model import Head, Log
from certhia.net import TooLong, quote

LARGEST = 1 << 40  # entries: leaf indices have 40 bits
MAX_NAMES = 4 << 20  # bytes of a names tile as it comes; real ones have 10 kB


class StaticClient:
    """See LogClient."""

    def __init__(self, log: Log, line: Line, issuers: Issuers, unpacked: int = UNPACKED) -> None:
        """`line` leads to the monitoring prefix. `unpacked`: bytes of a data tile, at most."""
        self.log = log
        self._line = line
        self._issuers = issuers
        self._unpacked = unpacked
        self._hash_tiles = HashTiles(line)
        self._unreadable = Unreadable(line.clock)
        self._fetching: dict[bytes, asyncio.Lock] = {}

    async def head(self) -> Head:
        """The checkpoint. Raises BadAnswer for a size beyond 2**40."""
        return await self._line.head("checkpoint", self._read_head)

    def _read_head(self, body: bytes) -> Head:
        head = read_checkpoint(self.log, body)
        if head.size > LARGEST:
            raise BadAnswer(f"{self.log.url}: a checkpoint of {head.size} entries: leaf indices end at 2**40")
        return head

    def plan(self, start: int, end: int) -> int:
        """To the end of the tile."""
        return min(end, start - start % WIDTH + WIDTH)

    async def fetch(self, start: int, end: int, size: int) -> Fetched:
        """The data tile that holds `start`: the full one where a head of `size` has it, else the partial one that it
        requires, or the full one again where that is gone."""
        if not 0 <= start < min(end, size):
            raise ValueError(f"no entries in [{start}, {min(end, size)})")
        tile = start // WIDTH
        width = width_at(tile, size)
        given_up = self._unreadable.is_given_up(tile)
        try:
            body = await self._tile("data", tile, width)
        except TooLong:
            self._unreadable.failed(tile)
            if not given_up:
                raise
            body = b""
        if body[:64].lstrip()[:1] in (b"<", b"{"):  # a timestamp's first byte is 0 for ages to come
            raise BadAnswer(f"{self._line.url}{tile_path('data', tile, width)}: no data tile: {quote(body)}")
        hashes = await self._hash_tiles.leaves(tile, size) if given_up else b""
        return Fetched(tile * WIDTH, width, body, tile=True, hashes=hashes)

    async def names(self, tile: int, size: int) -> bytes:
        """A names tile (Sunlight's names-tiles.md) as it came: of the data tile's entries in a head of `size`.
        Nothing shows that it is what the log signed.

        Raises Lagging where there is none (or none yet), TooLong, BadAnswer, RemoteError."""
        return await self._tile("names", tile, width_at(tile, size), MAX_NAMES)

    async def _tile(self, level: str, tile: int, width: int, cap: int = PAGE) -> bytes:
        missing = "not served yet, though the log signed for it"
        if width < WIDTH:
            try:
                return await self._line.get(tile_path(level, tile, width), cap=cap, gzip=True, missing=missing)
            except Lagging:  # partial tiles may go once the full one is there
                return await self._line.get(tile_path(level, tile, WIDTH), cap=cap, gzip=True, missing=missing)
        return await self._line.get(tile_path(level, tile, width), cap=cap, gzip=True, missing=missing)

    def decode(self, fetched: Sequence[Fetched]) -> Page:
        """See LogClient.decode."""
        pages = [self._decode(one) for one in fetched]
        return pages[0] if len(pages) == 1 else Page.join(pages)

    def _decode(self, one: Fetched) -> Page:
        tile = one.start // WIDTH
        place = f"{self._line.url}{tile_path('data', tile, one.count)}"
        try:
            page = Page.from_tile(one.body, one.start, self._unpacked)
        except Malformed as error:
            self._unreadable.failed(tile)
            if one.hashes:
                self._unreadable.went_without(tile, f"{place}: {error}")
                return Page.from_tile_by_hashes(one.body, one.start, one.hashes, self._unpacked)
            raise Malformed(f"{place}: no data tile: {error.reason}", error.offset) from error
        if len(page) == one.count:
            self._unreadable.read(tile)
            return page
        if len(page) == WIDTH:  # the full tile in place of a partial one
            return page.slice(one.start, one.end)
        if one.hashes:
            self._unreadable.went_without(tile, f"{place}: {f'{len(page)} entries' if one.body else 'too long'}")
            return Page.from_tile_by_hashes(one.body, one.start, one.hashes, self._unpacked)
        raise BadAnswer(f"{place}: {len(page)} entries instead of {one.count}")

    @property
    def alarm(self) -> str:
        """See LogClient.alarm."""
        return self._unreadable.alarm

    async def edge(self, head: Head, size: int | None = None) -> Edge:
        """From hash tiles."""
        return await self._hash_tiles.edge(self.log, head, head.size if size is None else size)

    async def prove(self, edge: Edge, head: Head) -> tuple[str, tuple[bytes, ...]]:
        """From hash tiles: the subtrees between `edge` and `head`."""
        return await self._hash_tiles.prove(self.log, edge, head)

    async def siblings(self, level: int, index: int, leaf: bytes, head: Head) -> tuple[bytes, ...]:  # noqa: ARG002
        """From hash tiles."""
        return await self._hash_tiles.siblings(level, index, head)

    async def precedes(self, older: Head, newer: Head) -> None:
        """From hash tiles: the edge at `older`, proven to `newer`, has the older root."""
        if (await self.edge(newer, older.size)).root() != older.root:
            raise contradiction(self.log, older, newer)

    async def entry(self, index: int, head: Head) -> Entry:
        """From its data tile; the inclusion from hash tiles."""
        if not 0 <= index < head.size:
            raise ValueError(f"no entry {index} in a head of size {head.size}")
        page = self.decode([await self.fetch(index, index + 1, head.size)])
        entry = page[index - page.first]
        await self._hash_tiles.include(self.log, entry.leaf_hash, index, head)
        return entry

    async def find(self, leaf: bytes, index: int | None, head: Head) -> int | None:
        """From hash tiles: there is no way to ask for a leaf by its hash."""
        if index is None:
            raise BadAnswer(f"{self.log.url}: a static log is asked by index, and none is known")
        if index >= head.size:
            return None
        return index if await self._hash_tiles.leaf(self.log, index, head) == leaf else None

    async def issuer(self, fingerprint: bytes) -> bytes | None:
        """From `issuer/`, once."""
        kept = self._issuers.get(fingerprint)
        if kept is not None:
            return kept
        lock = self._fetching.setdefault(fingerprint, asyncio.Lock())
        try:
            async with lock:
                return self._issuers.get(fingerprint) or await self._fetch_issuer(fingerprint)
        finally:
            self._fetching.pop(fingerprint, None)

    async def _fetch_issuer(self, fingerprint: bytes) -> bytes | None:
        try:
            der = await self._line.get(f"issuer/{fingerprint.hex()}", missing="no such issuer")
        except Lagging:
            return None
        if hashlib.sha256(der).digest() != fingerprint:
            raise Unverified(
                f"{self.log.url}: issuer/{fingerprint.hex()} is another certificate: {len(der)} bytes dropped"
            )
        self._issuers.add(der)
        return der
