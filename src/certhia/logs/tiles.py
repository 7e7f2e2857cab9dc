"""Hash tiles of static logs (C2SP tlog-tiles): any perfect subtree of a signed tree, proven to belong to it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from certhia._core import Edge, cover, node_hash
from certhia.errors import BadAnswer, Lagging, RemoteError, Throttled, Unverified
from certhia.logs.client import Line
from certhia.model import Head, Log

WIDTH = 256  # hashes, or entries, of a full tile
HEIGHT = 8  # levels of the tree that a tile spans
TRIES = 3
MISSING = "not served yet, though the log signed for it"
KEPT = 16  # full tiles remembered, once proven: 128 KiB


def tile_path(level: int | str, tile: int, width: int = WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last prefixed with x."""
    groups = [f"{tile % 1000:03d}"]
    while tile := tile // 1000:
        groups.append(f"x{tile % 1000:03d}")
    return f"tile/{level}/{'/'.join(reversed(groups))}{f'.p/{width}' if width < WIDTH else ''}"


def width_at(tile: int, count: int) -> int:
    """How much of tile number `tile` is there when its level has `count` hashes (or entries)."""
    return max(0, min(count - tile * WIDTH, WIDTH))


class HashTiles:
    """Reads a log's hash tiles. Nothing that comes from them is trusted before it led to a signed root."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._proven: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    async def edge(self, log: Log, head: Head, size: int) -> Edge:
        """The right edge of the first `size` entries of `head`. Raises Unverified if tiles don't lead to its root."""
        if not 0 <= size <= head.size:
            raise ValueError(f"no tree of {size} entries in a head of {head.size}")
        lookup = Lookup(self._line, head.size, self._proven)
        edge = Edge()
        edge.append_nodes(await lookup.subtrees(cover(0, size)), size)
        await self._check(log, edge, head, lookup)
        return edge

    async def prove(self, log: Log, edge: Edge, head: Head) -> tuple[str, tuple[bytes, ...]]:
        """See LogClient.prove."""
        if edge.size > head.size:
            raise ValueError(f"{edge.size} entries can't be a prefix of {head.size}")
        nodes = await self._check(log, edge, head, Lookup(self._line, head.size, self._proven))
        return ("nodes", nodes) if edge.size < head.size else ("", ())

    async def include(self, log: Log, leaf: bytes, index: int, head: Head) -> None:
        """Raises Unverified unless entry `index` of `head` has that leaf hash."""
        lookup = Lookup(self._line, head.size, self._proven)
        edge = Edge()
        edge.append_nodes(await lookup.subtrees(cover(0, index)), index)
        edge.append(leaf)
        await self._check(log, edge, head, lookup)

    async def siblings(self, level: int, index: int, head: Head) -> tuple[bytes, ...]:
        """See LogClient.siblings."""
        lookup = Lookup(self._line, head.size, self._proven)
        last = (head.size - 1) >> level  # the last block of that level, perhaps cut off
        path = []
        while last:
            other = index ^ 1
            if other < last:
                path += await lookup.subtrees([(level, other)])
            elif other == last:
                start = other << level
                edge = Edge()
                edge.append_nodes(await lookup.subtrees(cover(start, head.size)), head.size - start)
                path.append(edge.root())
            level, index, last = level + 1, index >> 1, last >> 1
        return tuple(path)

    async def leaf(self, log: Log, index: int, head: Head) -> bytes:
        """The leaf hash of entry `index`, proven to be in `head`."""
        lookup = Lookup(self._line, head.size, self._proven)
        (leaf,) = await lookup.subtrees([(0, index)])
        edge = Edge()
        edge.append_nodes(await lookup.subtrees(cover(0, index)), index)
        edge.append(leaf)
        await self._check(log, edge, head, lookup)
        return leaf

    async def leaves(self, tile: int, size: int) -> bytes:
        """Leaf hashes of the entries in data tile `tile`, as a head of `size` has it: 32 bytes each.

        Nothing is proven here: whoever goes by them recomputes the head's root.
        """
        return (await Lookup(self._line, size, self._proven).tile(0, tile))[: width_at(tile, size) * 32]

    async def _check(self, log: Log, edge: Edge, head: Head, lookup: Lookup) -> tuple[bytes, ...]:
        """The subtrees that lead from `edge` to `head`. Raises Unverified unless they lead to its root."""
        nodes = await lookup.subtrees(cover(edge.size, head.size))
        whole = edge.copy()
        whole.append_nodes(nodes, head.size)
        if whole.root() != head.root:
            self._proven.clear()
            raise Unverified(
                f"{log.url}: the first {edge.size} entries and the log's hash tiles give the root "
                f"{whole.root().hex()} at size {head.size}, the log signed {head.root.hex()}",
                ("nodes", tuple(nodes)) if nodes else ("", ()),
            )
        self.remember(lookup.full)
        return tuple(nodes)

    def __len__(self) -> int:
        return len(self._proven)

    def remember(self, tiles: Mapping[tuple[int, int], bytes]) -> None:
        """Keeps full tiles that led to a signed root, by level and number; the oldest ones go."""
        self._proven.update(tiles)
        for key in tiles:
            self._proven.move_to_end(key)
        while len(self._proven) > KEPT:
            self._proven.popitem(last=False)


class Lookup:
    """The tiles of one question about one tree: each is fetched at most once."""

    def __init__(self, line: Line, size: int, proven: OrderedDict[tuple[int, int], bytes]) -> None:
        self.full: dict[tuple[int, int], bytes] = {}
        self._line = line
        self._size = size
        self._known = dict(proven)

    async def subtrees(self, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """The roots of perfect subtrees, each given as (level, index). They must lie within the tree."""
        return [await self._subtree(level, index) for level, index in places]

    async def _subtree(self, level: int, index: int) -> bytes:
        tile_level, rest = divmod(level, HEIGHT)
        first = index << rest  # of the tile level's hashes below it
        tile, offset = divmod(first, WIDTH)
        body = await self.tile(tile_level, tile)
        row = [body[at : at + 32] for at in range(offset * 32, (offset + (1 << rest)) * 32, 32)]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        return row[0]

    async def tile(self, level: int, tile: int) -> bytes:
        """A whole hash tile, as far as the tree has it."""
        key = (level, tile)
        if key in self._known:
            return self._known[key]
        width = width_at(tile, self._size >> (HEIGHT * level))
        body = await self._get(level, tile, width)
        if len(body) not in (width * 32, WIDTH * 32):
            path = tile_path(level, tile, width)
            raise BadAnswer(f"{self._line.url}{path}: {len(body)} bytes instead of {width * 32}: no hash tile")
        self._known[key] = body
        if width == WIDTH:
            self.full[key] = body
        return body

    async def _get(self, level: int, tile: int, width: int) -> bytes:
        if width < WIDTH:
            try:
                return await self._tried(tile_path(level, tile, width))
            except Lagging:  # partial tiles may go once the full one is there
                return await self._tried(tile_path(level, tile))
        return await self._tried(tile_path(level, tile))

    async def _tried(self, path: str) -> bytes:
        """A proof takes several tiles: one that fails now and then must not cost those that came."""
        for _ in range(TRIES - 1):
            try:
                return await self._line.get(path, missing=MISSING)
            except (Throttled, Lagging, BadAnswer):
                raise
            except RemoteError:
                continue
        return await self._line.get(path, missing=MISSING)
