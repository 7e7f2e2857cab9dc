"""Which entries of a verified range are others now: narrowed by what is stored, then by what the log still proves.

What is stored are edges and roots: they say which perfect subtree of a range differs, whatever the log does now. Within
one, the log is asked for the edges that lead to the head it signed; nothing that it says is believed but what does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from certhia._core import Edge
from certhia.clock import Clock
from certhia.errors import Malformed, RemoteError, Unverified
from certhia.logs.client import LogClient
from certhia.logs.patience import patiently
from certhia.model import Head
from certhia.store.spans import Span

NAMED: Final = 10  # entries of a range that are named, at 17 questions and more each; of further ones where they stand

T = TypeVar("T")

AGAIN: Final = "were others when first read, and are those that were verified when read once more"
MORE: Final = "more of these entries are not those that were verified"


@dataclass(frozen=True, slots=True)
class Difference:
    """Entries [start, end) are not what was verified, or can't be had any more."""

    start: int
    end: int
    what: str
    unread: bool = False  # nothing is known to be wrong: the log did not give them
    part: Span = (0, 0)  # the range of the ledger, or the block of a backfill, that they are of
    backfilled: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Entries [start, end), hashed to the roots of the perfect subtrees in which they stand."""

    start: int
    end: int
    nodes: tuple[bytes, ...]  # of `cover(start, end)`


@dataclass(frozen=True, slots=True)
class Segment:
    """What was read between two edges of the tree that are stored.

    `before` and `after` are of the tree that begins at entry `base`: 0, or the start of a block.
    """

    base: int
    before: Edge
    after: Edge
    pieces: Sequence[Piece]
    head: Head  # that both were proven to

    @property
    def end(self) -> int:
        """One past the last entry."""
        return self.base + self.after.size

    def differs(self) -> bool:
        """Whether what was read leads to another edge than the one that is stored."""
        edge = self.before.copy()
        for piece in self.pieces:
            edge.append_nodes(piece.nodes, piece.end - self.base)
        return edge.hashes != self.after.hashes


class Search:
    """Looks for the entries of one segment that differ. Edges here are those of the whole tree."""

    def __init__(
        self, client: LogClient, clock: Clock, segment: Segment, leaves: Callable[[Span], Awaitable[bytes]]
    ) -> None:
        """`leaves` reads the entries of a piece once more, and gives their leaf hashes."""
        self._client = client
        self._clock = clock
        self._segment = segment
        self._leaves = leaves
        self._after = segment.after
        self._true: Edge | None = segment.before  # all before it is settled; None where no more is to be told
        self._found = 0
        self._proves = False  # whether the log still proves anything of what it signed
        self._narrowed = (segment.base + segment.before.size, segment.end)  # where the first that differs must be

    async def run(self) -> AsyncIterator[Difference]:
        """What differs, in order, as far as it can be told."""
        pieces = list(self._segment.pieces)
        try:
            await self._begin()
            while pieces and self._true is not None:
                true = self._true
                if _onward(true, pieces).hashes == self._after.hashes:
                    return
                number = await self._first([piece.end for piece in pieces], partial(_at_piece, true, pieces))
                self._true = _onward(true, pieces[:number])
                async for one in self._within(pieces[number]):
                    yield one
                del pieces[: number + 1]
        except (RemoteError, Malformed) as error:
            yield self._untold(error)

    async def _begin(self) -> None:
        """A block's edges become those of the whole tree. Raises RemoteError, Malformed."""
        segment = self._segment
        if not segment.base:
            return
        origin = await self._ask(partial(self._client.edge, segment.head, segment.base))
        self._true = Edge(origin.size + segment.before.size, origin.hashes + segment.before.hashes)
        after = segment.after.hashes
        origin.append_nodes([after[at : at + 32] for at in range(0, len(after), 32)], segment.end)
        self._after = origin

    async def _first(self, ends: Sequence[int], ours: Callable[[int], Edge]) -> int:
        """The number of the first of `ends` up to which `ours` is not the log's edge; for the last one it is not.

        Raises RemoteError, Malformed."""
        start = self._true.size if self._true is not None else 0
        low, high = -1, len(ends) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if await self._leads(ours(middle)) else (low, middle)
            if self._proves:
                self._narrowed = ends[low] if low >= 0 else start, ends[high]
        return high

    async def _leads(self, edge: Edge) -> bool:
        """Whether the edge is that of the log's tree. Raises RemoteError, Malformed."""
        if edge.size == self._after.size:
            return edge.hashes == self._after.hashes
        try:
            await self._ask(partial(self._client.prove, edge, self._segment.head))
        except Unverified:
            return False
        self._proves = True
        return True

    async def _within(self, piece: Piece) -> AsyncIterator[Difference]:
        """The entries of one piece that differ, which is read once more for them. Raises RemoteError, Malformed."""
        leaves, found = await self._leaves((piece.start, piece.end)), self._found
        while (true := self._true) is not None:
            rest = leaves[32 * (true.size - piece.start) :]
            if await self._leads(whole := _with(true, rest)):
                self._true = whole
                break
            if self._found >= NAMED:
                yield Difference(true.size, self._segment.end, MORE)
                self._true = None
                return
            ends = range(true.size + 1, piece.end + 1)
            number = await self._first(ends, partial(_at_leaf, true, rest))
            self._true = await self._behind(_with(true, rest[: 32 * number]), piece, leaves)
            self._found += 1
            yield Difference(ends[number] - 1, ends[number], "is not the entry that was verified")
            if self._true.size == piece.end:
                return
        if self._found == found:
            yield Difference(piece.start, piece.end, AGAIN)

    async def _behind(self, true: Edge, piece: Piece, leaves: bytes) -> Edge:
        """The log's edge behind the next entry, which we don't have: as the log gives it, else by the hash of its
        neighbour's sibling. Raises RemoteError, Malformed."""
        index, head = true.size, self._segment.head
        if index + 1 == self._after.size:
            return self._after
        try:
            return await self._ask(partial(self._client.edge, head, index + 1))
        except (RemoteError, Malformed):  # it may show the wrong entry there, too
            other = index ^ 1
            if not piece.start <= other < piece.end:
                raise
        leaf = leaves[32 * (other - piece.start) : 32 * (other - piece.start + 1)]
        path = await self._ask(partial(self._client.siblings, 0, other, leaf, head))
        edge = _with(true, path[0])
        await self._ask(partial(self._client.prove, edge, head))
        return edge

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        return await patiently(question, self._clock)

    def _untold(self, error: Exception) -> Difference:
        start, end = self._narrowed
        why = "the log no longer proves which" if isinstance(error, Unverified) else "which can't be told"
        first = f"entry {start}" if end - start == 1 else f"one of {start} to {end - 1}"
        but = f", but that the first is {first}" if self._proves and end < self._segment.end else ""
        what = f"entries of this range are not those that were verified; {why}{but}: {error}"
        return Difference(start, self._segment.end, what)


def _onward(edge: Edge, pieces: Sequence[Piece]) -> Edge:
    """Where these pieces, as read, lead."""
    edge = edge.copy()
    for piece in pieces:
        edge.append_nodes(piece.nodes, piece.end)
    return edge


def _at_piece(true: Edge, pieces: Sequence[Piece], number: int) -> Edge:
    return _onward(true, pieces[: number + 1])


def _at_leaf(true: Edge, leaves: bytes, number: int) -> Edge:
    return _with(true, leaves[: 32 * (number + 1)])


def _with(edge: Edge, leaves: bytes) -> Edge:
    longer = edge.copy()
    longer.append(leaves)
    return longer
