"""Which entries differ: all of them that can be told, by what is stored and what the log proves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.logs.bench import KINDS, fill, make

from certhia._core import Edge, Issuers, cover
from certhia.logs.client import LogClient, client
from certhia.logs.differing import AGAIN, MORE, NAMED, Difference, Piece, Search, Segment
from certhia.logs.pace import Paces
from certhia.model import Protocol
from certhia.store.spans import Span
from certhia.testing import FakeLog, World, fail, in_simulated_time

kinds = pytest.mark.parametrize("kind", KINDS)
WRONG = b"w" * 32


class Reread:
    """A log's entries as somebody read them, with other leaves at some places; hashed in pieces."""

    def __init__(self, world: World, kind: Protocol, *wrong: int, size: int = 600) -> None:
        self.log: FakeLog = make(world, kind)
        fill(world, self.log, size)
        self.clock = world.clock
        self.client: LogClient = client(
            self.log.model, world.transport(latency=0.01), Paces(world.clock), Issuers(), world.clock
        )
        self.leaves = [WRONG if at in wrong else self.log.tree.leaf(at) for at in range(size)]
        self.once_more = self.leaves
        self.asked: list[Span] = []

    def edge(self, base: int, size: int) -> Edge:
        """As it was stored."""
        places = cover(base, base + size)
        return Edge(size, b"".join(self.log.tree.node(*place) for place in places))

    def piece(self, start: int, end: int) -> Piece:
        roots = []
        for level, index in cover(start, end):
            edge = Edge()
            edge.append(b"".join(self.leaves[index << level : (index + 1) << level]))
            roots.append(edge.root())
        return Piece(start, end, tuple(roots))

    async def segment(self, base: int, start: int, *ends: int) -> Segment:
        pieces = [self.piece(*span) for span in zip((start, *ends), ends, strict=False)]
        before, after = self.edge(base, start - base), self.edge(base, ends[-1] - base)
        return Segment(base, before, after, pieces, await self.client.head())

    async def leaves_of(self, span: Span) -> bytes:
        self.asked.append(span)
        return b"".join(self.once_more[span[0] : span[1]])

    async def search(self, segment: Segment) -> list[Difference]:
        return [one async for one in Search(self.client, self.clock, segment, self.leaves_of).run()]


@kinds
@in_simulated_time
async def test_every_entry_that_differs(certhia_world: World, kind: Protocol) -> None:
    wrong = (3, 63, 64, 65, 130, 299)
    reread = Reread(certhia_world, kind, *wrong)
    segment = await reread.segment(0, 2, 64, 128, 192, 256, 300)
    assert segment.differs()
    found = await reread.search(segment)
    assert [(one.start, one.end) for one in found] == [(place, place + 1) for place in wrong]
    assert reread.asked == [(2, 64), (64, 128), (128, 192), (256, 300)], "what is as verified is not read once more"
    assert not (await reread.segment(0, 192, 256)).differs()


@kinds
@pytest.mark.parametrize("block", [(9, 0), (8, 1), (3, 50), (0, 400)])
@in_simulated_time
async def test_entries_of_a_block(certhia_world: World, kind: Protocol, block: tuple[int, int]) -> None:
    start, end = block[1] << block[0], (block[1] + 1) << block[0]
    wrong = sorted({start, (start + end) // 2, end - 1})
    reread = Reread(certhia_world, kind, *wrong)
    found = await reread.search(await reread.segment(start, start, end))
    assert [(one.start, one.end) for one in found] == [(place, place + 1) for place in wrong]


@in_simulated_time
async def test_no_more_are_named_than_that(certhia_world: World) -> None:
    reread = Reread(certhia_world, Protocol.STATIC, *range(40, 90))
    *named, rest = await reread.search(await reread.segment(0, 0, 64, 128, 300))
    assert [one.start for one in named] == list(range(40, 40 + NAMED))
    assert (rest.start, rest.end, rest.what) == (40 + NAMED, 300, MORE)
    exactly = Reread(World(certhia_world.clock), Protocol.STATIC, *range(54, 64), size=300)
    assert len(await exactly.search(await exactly.segment(0, 0, 64, 128))) == NAMED


@kinds
@in_simulated_time
async def test_wrong_once(certhia_world: World, kind: Protocol) -> None:
    reread = Reread(certhia_world, kind, 70)
    reread.once_more = [reread.log.tree.leaf(at) for at in range(600)]
    (found,) = await reread.search(await reread.segment(0, 0, 64, 128, 300))
    assert (found.start, found.end, found.what) == (64, 128, AGAIN)


@kinds
@in_simulated_time
async def test_a_log_that_proves_nothing(certhia_world: World, kind: Protocol) -> None:
    """Nothing is narrowed by what it does not prove."""
    reread = Reread(certhia_world, kind, 70)
    segment = await reread.segment(0, 0, 64, 128, 300)
    reread.log.hooks.append(fail(404))
    (found,) = await reread.search(segment)
    assert (found.start, found.end) == (0, 300)
    assert "which can't be told: " in found.what
    block = await reread.search(await _at(segment, reread))
    assert [(one.start, one.end) for one in block] == [(64, 128)]


async def _at(segment: Segment, reread: Reread) -> Segment:
    return Segment(64, Edge(), reread.edge(64, 64), [reread.piece(64, 128)], segment.head)


@in_simulated_time
async def test_a_log_of_another_tree(certhia_world: World) -> None:
    """Its hashes don't lead to the head that it signed: none of them is believed."""
    reread = Reread(certhia_world, Protocol.STATIC, 70)
    segment = await reread.segment(0, 0, 64, 128, 300)
    other = make(World(certhia_world.clock), Protocol.STATIC, "alpha")
    fill(certhia_world, other, 600, timestamp=1)
    reread.log.hooks.append(lambda request: other.serve(replace(request, log=other)))
    (found,) = await reread.search(segment)
    assert (found.start, found.end) == (0, 300)
    assert "the log no longer proves which: " in found.what


@in_simulated_time
async def test_a_log_that_ceases_to_prove_on_the_way(certhia_world: World) -> None:
    reread = Reread(certhia_world, Protocol.RFC6962, 70)
    segment = await reread.segment(0, 0, 64, 128, 300)
    reread.log.hooks.append(fail(404, endpoints=["get-entry-and-proof", "get-proof-by-hash"]))
    (found,) = await reread.search(segment)
    assert (found.start, found.end) == (70, 300)
    assert "but that the first is entry 70: " in found.what
