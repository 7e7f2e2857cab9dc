"""One log, read besides: which stretches, in which order, how each is proven, what is left when something fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.logs.bench import KINDS, Unnamed, Wire, fill, flipped, make

from certhia._core import Issuers, Matcher, cover
from certhia.errors import RemoteError
from certhia.logs.backfill import Backfiller, Disagreement, Takers, Unproven, agree, named
from certhia.logs.budget import Budget
from certhia.logs.client import LogClient, client
from certhia.logs.pace import Paces
from certhia.logs.reading import Reading
from certhia.model import Arrival, Head, Protocol
from certhia.store.blocks import Block, place
from certhia.store.spans import Span, joined
from certhia.testing import FakeLog, World, fail, in_simulated_time

kinds = pytest.mark.parametrize("kind", KINDS)
ways = pytest.mark.parametrize("reverse", [False, True])


class Table:
    """A backfiller, and all that it hands on."""

    def __init__(self, world: World, log: FakeLog, span: Span, *, reverse: bool, entries: int = 64) -> None:
        self.wire = Wire(world.transport(latency=0.01))
        self.client: LogClient = client(log.model, self.wire, Paces(world.clock), Issuers(), world.clock, later=True)
        self.clock = world.clock
        self.log = log
        self.budget = Budget(64_000_000)
        self.arrivals: list[Arrival] = []
        self.proven: list[Block] = []
        self.blocks: dict[int, Block] = {}
        self.alarms: list[str] = []
        self.notices: list[str] = []
        self.forgotten: list[list[Span]] = []
        self.waits = 0
        self.broken: Exception | None = None
        self.accepted: set[Span] = set()
        watched = Unnamed(Matcher([("all", "")]))
        takers = Takers(
            accept=self._accept,
            proven=self._prove,
            verified=lambda: joined((one.start, one.end) for one in self.blocks.values()),
            forget=lambda spans: self.forgotten.append(list(spans)),
            alarm=self.alarms.append,
            notice=lambda _log, text, _level: self.notices.append(text),
            rules=lambda: watched,
            accepted=lambda block: (block.start, block.end) in self.accepted,
        )
        self.make: Callable[[Head], Backfiller] = lambda head: Backfiller(
            self.client,
            span,
            head,
            takers,
            reverse=reverse,
            reading=Reading(verify_entries=entries),
            budget=self.budget,
            clock=self.clock,
        )

    async def _accept(self, arrival: Arrival) -> None:
        if self.broken is not None:
            raise self.broken
        self.arrivals.append(arrival)

    def _prove(self, block: Block) -> None:
        assert block.holds()
        self.proven.append(block)
        place(self.blocks, block)

    async def _wait(self) -> None:
        self.waits += 1

    async def run(self) -> Backfiller:
        filler = self.make(await self.client.head())
        await filler.run(self._wait)
        return filler

    @property
    def indices(self) -> list[int]:
        """Of the entries that were handed on, in that order."""
        return [index for one in self.arrivals for index in range(one.page.first, one.page.end)]


@kinds
@ways
@in_simulated_time
async def test_every_entry_once_in_proven_blocks(certhia_world: World, kind: Protocol, reverse: bool) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 1000)
    table = Table(certhia_world, log, (37, 901), reverse=reverse)
    filler = await table.run()
    assert sorted(table.indices) == list(range(37, 901))
    assert (filler.done, filler.total, filler.doubtful) == (864, 864, [])
    starts = [(one.page.first) // 64 for one in table.arrivals]
    assert starts == sorted(starts, reverse=reverse)
    whole = [block for block in table.proven if block.level == 6]
    assert len(whole) == 13, "all but the ends of the range"
    assert max(block.level for block in table.proven) == 6
    assert [(one.level, one.index) for one in sorted(table.blocks.values(), key=lambda one: one.start)] == cover(
        37, 901
    )
    assert table.wire.beyond == []
    assert table.budget.used == 0
    assert not any(arrival.verified for arrival in table.arrivals), "a block is proven when all of it was read"


@kinds
@ways
@in_simulated_time
async def test_a_log_that_fails_costs_no_entry_twice(certhia_world: World, kind: Protocol, reverse: bool) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 600)
    table = Table(certhia_world, log, (0, 512), reverse=reverse, entries=512)
    filler = table.make(await table.client.head())
    answered: list[str] = []

    def second_answer(_: int, url: str) -> None:
        if "get-entries" in url or "tile/data" in url:
            answered.append(url)
            if len(answered) > 1:
                raise RemoteError("no answer")

    table.wire.fault = second_answer
    with pytest.raises(RemoteError, match="no answer"):
        await filler.run(table._wait)
    table.wire.fault = None
    before = filler.done
    assert 0 < before < 512
    log.hooks.append(fail(500, endpoints=("get-proof-by-hash", "get-entry-and-proof", "tile/0", "tile/1")))
    with pytest.raises(RemoteError):
        await filler.run(table._wait)
    log.hooks.clear()
    await filler.run(table._wait)
    assert table.indices == list(range(512))
    assert filler.done == 512
    assert len(table.forgotten) == 1, "only at its beginning"


@in_simulated_time
async def test_a_page_that_nobody_took_is_read_again(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 256)
    table = Table(certhia_world, log, (0, 256), reverse=False, entries=256)
    filler = table.make(await table.client.head())
    table.broken = RuntimeError("unthought of")
    with pytest.raises(RuntimeError):
        await filler.run(table._wait)
    table.broken = None
    await filler.run(table._wait)
    assert table.indices == list(range(256))
    assert table.budget.used == 0


@kinds
@ways
@in_simulated_time
async def test_what_the_log_did_not_sign_is_read_twice(certhia_world: World, kind: Protocol, reverse: bool) -> None:
    log = make(certhia_world, kind)
    log.hooks.append(flipped(certhia_world, log, 512, 200))
    table = Table(certhia_world, log, (0, 512), reverse=reverse)
    with pytest.raises(Unproven) as caught:
        await table.run()
    assert str(caught.value).startswith(named(192, 256))
    block = caught.value.block
    assert (block.start, block.end, len(caught.value.leaves)) == (192, 256, 64 * 32)
    assert joined((one.start, one.end) for one in table.proven) == [(256, 512) if reverse else (0, 192)]
    (notice,) = table.notices
    assert notice.endswith("reads them again")
    assert table.alarms == [], "that is for whoever freezes the log"


@kinds
@ways
@in_simulated_time
async def test_what_a_human_accepted_is_read_twice_and_left_out(
    certhia_world: World, kind: Protocol, reverse: bool
) -> None:
    log = make(certhia_world, kind)
    log.hooks.append(flipped(certhia_world, log, 512, 200))
    table = Table(certhia_world, log, (0, 512), reverse=reverse)
    table.accepted.add((192, 256))
    filler = await table.run()
    assert filler.doubtful == [(192, 256)]
    assert filler.done == 512 - 64
    assert joined((one.start, one.end) for one in table.proven) == [(0, 192), (256, 512)]
    assert [table.indices.count(index) for index in (191, 192, 255, 256)] == [1, 2, 2, 1]
    (alarm,) = table.alarms
    assert "entries 192 to 255, read for a backfill, are not proven to be in the signed head of size 512" in alarm
    (notice,) = table.notices
    assert notice.endswith("reads them again")
    assert table.forgotten == [[(0, 512)], [(192, 256)], [(192, 256)]]


@in_simulated_time
async def test_a_false_proof_is_no_proof(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 128)
    table = Table(certhia_world, log, (0, 128), reverse=False)
    honest = table.client.siblings

    async def siblings(level: int, index: int, leaf: bytes, head: Head) -> tuple[bytes, ...]:
        path = await honest(level, index, leaf, head)
        return (bytes(32), *path[1:])

    table.client.siblings = siblings  # type: ignore[method-assign]
    with pytest.raises(Unproven):
        await table.run()
    assert table.proven == []


@kinds
@in_simulated_time
async def test_siblings_of_every_block(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 777)
    table = Table(certhia_world, log, (0, 777), reverse=False)
    head = await table.client.head()
    for level, index in [*cover(0, 777), (0, 5), (3, 9), (7, 0), (9, 0), (8, 2), (0, 776)]:
        start = index << level
        path = await table.client.siblings(level, index, log.tree.leaf(start), head)
        block = Block(log.model.id, level, index, log.tree.node(level, index), path, head, 0, 0.0)
        assert block.holds(), (level, index)


@in_simulated_time
async def test_an_entry_that_is_there_twice_is_proven_at_its_own_place(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    certhia_world.grow(4)
    leaf = log.tree.leaf(1)
    log.entries.append(log.entries[1])
    log.tree.append(leaf)
    log.publish()
    table = Table(certhia_world, log, (0, 5), reverse=False)
    await table.run()
    assert joined((one.start, one.end) for one in table.proven) == [(0, 5)]


@kinds
@in_simulated_time
async def test_heads_that_were_proven_to_before_are_of_one_tree(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    table = Table(certhia_world, log, (0, 300), reverse=False)
    first = await table.client.head()
    fill(certhia_world, log, 300)
    second = await table.client.head()
    for head, others in ((first, []), (first, [first]), (second, [first]), (first, [second])):
        await agree(table.client, head, others)
    for lie in (Head(300, bytes(32), 0, b""), Head(600, bytes(32), 0, b"")):
        with pytest.raises(Disagreement):
            await agree(table.client, second, [lie])
