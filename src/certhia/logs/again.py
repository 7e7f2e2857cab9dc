"""Entries that were verified once, fetched again and hashed against the ledger's edges and blocks' roots."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from certhia._core import Edge, Page, cover
from certhia.clock import Clock
from certhia.errors import Malformed, RemoteError
from certhia.logs.budget import Budget
from certhia.logs.client import LogClient
from certhia.logs.differing import Difference, Piece, Search, Segment
from certhia.logs.enduring import Enduring
from certhia.logs.patience import patiently
from certhia.logs.roots import Roots
from certhia.logs.window import Window
from certhia.model import Head
from certhia.store.blocks import Block
from certhia.store.reading import LedgerRow
from certhia.store.spans import Span

MEMORY: Final = 32_000_000  # bytes of answers at once
PARALLEL: Final = 4
PIECE: Final = 1 << 16  # entries that are kept as few hashes; where they differ they are read once more, in 2 MiB


@dataclass(frozen=True, slots=True)
class _Part:
    """Entries that were verified together, between two edges of the tree that begins at `base`."""

    base: int
    before: Edge
    after: Edge
    head: Head
    backfilled: bool = False

    @property
    def span(self) -> Span:
        return self.base + self.before.size, self.base + self.after.size


class Again:
    """Reads what was verified of one log again."""

    def __init__(self, client: LogClient, clock: Clock, say: Callable[[str], None] = lambda _: None) -> None:
        """`say` is told that the log keeps us waiting. One that answers nothing for long is given up: what is left then
        could not be read again."""
        self._client = Enduring(client, clock, say)
        self._clock = clock
        self._size: int | None = None  # of the newest head: what is asked for is what the log serves now
        self.checked = 0  # entries
        self.backfilled = 0  # of them, in blocks
        self.blocks = 0

    async def check(self, rows: AsyncIterator[LedgerRow], blocks: Iterable[Block] = ()) -> AsyncIterator[Difference]:
        """What differs, range by range as the ledger has them, then block by block; `rows` and `blocks` are those of
        one log, in order. Rows that were made one while others were read overlap with those."""
        before: Edge | None = None
        async for row in rows:
            step = row.step
            after = Edge(step.end, step.edge)
            if before is not None and step.start <= before.size < step.end and not step.note:
                async for one in self._differences(_Part(0, before, after, step.head)):
                    yield one
            before = after  # the ledger's own, whatever was read: each range is judged alone
        for block in blocks:
            read = self.checked
            part = _Part(block.start, Edge(), Edge(1 << block.level, block.root), block.head, backfilled=True)
            async for one in self._differences(part):
                yield one
            self.blocks += 1
            self.backfilled += self.checked - read

    async def _differences(self, part: _Part) -> AsyncIterator[Difference]:
        start, end = part.span
        if self._client.given_up:
            yield Difference(start, end, self._client.given_up, True, part.span, part.backfilled)
            return
        try:
            if self._size is None:
                self._size = (await patiently(self._client.head, self._clock)).size
            size = max(self._size, part.head.size)
            segments = await self._read(part, size)
        except (RemoteError, Malformed) as error:
            yield Difference(start, end, str(error), True, part.span, part.backfilled)
            return

        async def leaves(span: Span) -> bytes:
            return b"".join([page.leaf_hashes async for page in self._pages(span, size)])

        for segment in segments:
            if not segment.differs():
                continue
            async for one in Search(self._client, self._clock, segment, leaves).run():
                yield replace(one, part=part.span, backfilled=part.backfilled)

    async def _read(self, part: _Part, size: int) -> list[Segment]:
        """Raises RemoteError, Malformed."""
        start, end = part.span
        edges = list(_stored(part))
        ends = {part.base + edge.size for edge in edges}
        cuts = sorted(ends | set(range(start - start % PIECE + PIECE, end, PIECE)))
        pieces = [Roots(span) for span in zip([start, *cuts], cuts, strict=False)]
        at = 0
        async for page in self._pages(part.span, size):
            self.checked += len(page)
            while page.end > pieces[at].end:
                pieces[at].append(page.slice(page.first, pieces[at].end))
                page = page.slice(pieces[at].end, page.end)  # noqa: PLW2901
                at += 1
            pieces[at].append(page)
            at += page.end == pieces[at].end
        return list(_segments(part, edges, pieces))

    async def _pages(self, span: Span, size: int) -> AsyncIterator[Page]:
        """The entries of a range as they are served now. Raises RemoteError, Malformed."""
        at, end = span
        window = Window(self._client, at, end, size, budget=Budget(MEMORY), clock=self._clock, parallel=PARALLEL)
        async with window:
            while (group := await window.next()) is not None:
                try:
                    page = await asyncio.to_thread(self._client.decode, group.answers)
                finally:
                    group.give()
                page = page.slice(max(at, page.first), min(page.end, end))
                yield page
                at = page.end


def _stored(part: _Part) -> Iterable[Edge]:
    """The edges behind `before` that are stored: those that the last one begins with."""
    size = 0
    for number, (level, _) in enumerate(cover(0, part.after.size), 1):
        size += 1 << level
        if size > part.before.size:
            yield Edge(size, part.after.hashes[: 32 * number])


def _segments(part: _Part, edges: Sequence[Edge], roots: Sequence[Roots]) -> Iterable[Segment]:
    before, at = part.before, 0
    for after in edges:
        pieces = []
        while at < len(roots) and roots[at].end <= part.base + after.size:
            start, end = roots[at].span
            pieces.append(Piece(start, end, tuple(root for _, _, root in roots[at].blocks)))
            at += 1
        yield Segment(part.base, before, after, pieces, part.head)
        before = after
