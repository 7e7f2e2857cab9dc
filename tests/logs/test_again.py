"""What was verified, read again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs import again as reading_again
from certhia.logs.again import Again
from certhia.logs.differing import NAMED, Difference
from certhia.logs.enduring import LONGEST
from certhia.logs.reading import Reading
from certhia.model import Protocol
from certhia.net import Response
from certhia.store.blocks import Block
from certhia.store.reading import LedgerRow
from certhia.testing import FakeLog, Fault, Request, World, fail, in_simulated_time
from certhia.testing.hostile import flipped, flipped_leaf

READING = Reading(patience=0, verify_entries=128)


async def followed(world: World, kind: Protocol) -> tuple[FakeLog, Bench]:
    """A log of which something was verified, in several steps."""
    log = make(world, kind)
    fill(world, log, 300)
    bench = Bench(world, log, reading=READING)
    async with bench.following():
        await bench.clock.sleep(60)
        fill(world, log, 500)
        await bench.clock.sleep(120)
    bench.check()
    return log, bench


async def rows(bench: Bench) -> AsyncIterator[LedgerRow]:
    for number, step in enumerate(bench.steps):
        yield LedgerRow(number, step, step.end - step.start, 1, bytes(32))


async def again(bench: Bench) -> tuple[list[Difference], int]:
    reader = Again(bench.follower.client, bench.clock)
    return [one async for one in reader.check(rows(bench))], reader.checked


async def blocks(bench: Bench, *places: tuple[int, int]) -> list[Block]:
    """Those of a backfill, as a state has them: proven to the last head."""
    log, client, head = bench.log, bench.follower.client, bench.steps[-1].head
    return [
        Block(
            log.id,
            level,
            index,
            log.tree.node(level, index),
            await client.siblings(level, index, log.tree.leaf(index << level), head),
            head,
            0,
            0.0,
        )
        for level, index in places
    ]


def flipped_leaves(*places: int) -> Fault:
    """One bit of each is not what was signed."""

    def act(request: Request) -> Response:
        log, before = request.log, dict(request.log.swapped)
        log.swapped |= {place: flipped(log.entries[place]) for place in places}
        try:
            return log.serve(request)
        finally:
            log.swapped = before

    return Fault(act, frozenset({"get-entries", "tile/data"}))


async def nothing() -> AsyncIterator[LedgerRow]:
    for row in list[LedgerRow]():
        yield row


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_all_is_as_it_was(certhia_world: World, kind: Protocol) -> None:
    log, bench = await followed(certhia_world, kind)
    fill(certhia_world, log, 77)
    assert await again(bench) == ([], 800)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("index", [0, 299, 300, 511, 799])
@in_simulated_time
async def test_the_entry_that_differs_is_named(certhia_world: World, kind: Protocol, index: int) -> None:
    log, bench = await followed(certhia_world, kind)
    log.hooks.append(flipped_leaf(index))
    (found,), checked = await again(bench)
    assert (found.start, found.end, found.unread) == (index, index + 1, False)
    assert checked == 800, "the other ranges are read all the same"


@in_simulated_time
async def test_a_log_that_proves_nothing_any_more(certhia_world: World) -> None:
    log, bench = await followed(certhia_world, Protocol.RFC6962)
    proofs = ("get-entry-and-proof", "get-proof-by-hash", "get-sth-consistency")
    log.hooks += [flipped_leaf(310), fail(400, endpoints=proofs)]
    (found,), _ = await again(bench)
    assert found.start <= 310 < found.end
    assert "which can't be told" in found.what


@in_simulated_time
async def test_entries_that_are_gone(certhia_world: World) -> None:
    log, bench = await followed(certhia_world, Protocol.STATIC)
    log.hooks.append(fail(500, endpoints=["tile/data"]))
    found, checked = await again(bench)
    assert checked == 0
    assert {one.unread for one in found} == {True}
    assert sum(one.end - one.start for one in found) == 800


@in_simulated_time
async def test_a_log_that_refuses_for_ever(certhia_world: World) -> None:
    """It is waited for, told of, and given up; what is left then is told as unread, and not asked for."""
    log, bench = await followed(certhia_world, Protocol.RFC6962)
    log.hooks.append(fail(429, endpoints=["get-entries"]))
    said: list[str] = []
    reader, begun = Again(bench.follower.client, bench.clock, said.append), bench.clock.monotonic()
    found = [one async for one in reader.check(rows(bench), await blocks(bench, (4, 3)))]
    assert bench.clock.monotonic() - begun < 2 * LONGEST
    assert {(one.unread, one.what[:38]) for one in found} == {(True, "given up after 30 min without an answe")}
    assert sum(one.end - one.start for one in found) == 800 + 16
    assert (reader.checked, reader.blocks, len(said)) == (0, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_rows_that_became_one_on_the_way(certhia_world: World, kind: Protocol) -> None:
    """They overlap with what was read: the rest of them is read."""
    log, bench = await followed(certhia_world, kind)
    log.hooks.append(flipped_leaves(700))
    read = [row async for row in rows(bench)]
    first, last = next(row for row in read if row.step.end > row.step.start), read[-1]
    assert first.step.end < last.step.end == 800

    async def merged() -> AsyncIterator[LedgerRow]:
        yield read[0]
        yield first
        yield replace(last, step=replace(last.step, start=first.step.start))

    reader = Again(bench.follower.client, bench.clock)
    assert [one.start async for one in reader.check(merged())] == [700]
    assert reader.checked == 800


# --- blocks of a backfill ---


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_blocks_that_are_as_they_were(certhia_world: World, kind: Protocol) -> None:
    _, bench = await followed(certhia_world, kind)
    reader = Again(bench.follower.client, bench.clock)
    made = await blocks(bench, (4, 3), (8, 1), (0, 700))
    assert [one async for one in reader.check(nothing(), made)] == []
    assert (reader.checked, reader.backfilled, reader.blocks) == (16 + 256 + 1, 16 + 256 + 1, 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("places", [(256,), (511,), (300, 301, 450)])
@in_simulated_time
async def test_entries_of_a_block_that_differ_are_named(
    certhia_world: World, kind: Protocol, places: tuple[int, ...]
) -> None:
    log, bench = await followed(certhia_world, kind)
    made = await blocks(bench, (4, 3), (8, 1))
    log.hooks.append(flipped_leaves(*places))
    reader = Again(bench.follower.client, bench.clock)
    found = [one async for one in reader.check(nothing(), made)]
    assert [(one.start, one.end) for one in found] == [(place, place + 1) for place in places]
    assert {(one.part, one.backfilled, one.unread) for one in found} == {((256, 512), True, False)}


# --- how far it is narrowed ---


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_long_ranges_are_read_in_pieces(
    certhia_world: World, kind: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a range is: its hashes are few, and every entry that differs is named all the same."""
    monkeypatch.setattr(reading_again, "PIECE", 32)
    log, bench = await followed(certhia_world, kind)
    places = (0, 31, 32, 131, 290, 300, 799)
    log.hooks.append(flipped_leaves(*places))
    found, checked = await again(bench)
    assert [(one.start, one.end) for one in found] == [(place, place + 1) for place in places]
    assert checked == 800
    assert not any(one.backfilled for one in found)


@in_simulated_time
async def test_of_many_the_first_are_named(certhia_world: World) -> None:
    log, bench = await followed(certhia_world, Protocol.STATIC)
    made = await blocks(bench, (9, 0))
    log.hooks.append(flipped_leaves(*range(40, 120)))
    reader = Again(bench.follower.client, bench.clock)
    *named, rest = [one async for one in reader.check(nothing(), made)]
    assert [one.start for one in named] == list(range(40, 40 + NAMED))
    assert (rest.start, rest.end) == (40 + NAMED, 512)
    assert rest.what.startswith("more of these")


@in_simulated_time
async def test_what_is_stored_narrows_without_the_log(certhia_world: World) -> None:
    """300 to 799 were verified: of the perfect subtrees that end there, one differs."""
    log, bench = await followed(certhia_world, Protocol.RFC6962)
    proofs = ("get-entry-and-proof", "get-proof-by-hash", "get-sth-consistency")
    log.hooks += [flipped_leaf(790), fail(400, endpoints=proofs)]
    (found,), _ = await again(bench)
    last = bench.steps[-1]
    assert (last.end, len(last.edge)) == (800, 32 * 3)
    assert (found.start, found.end) == (768, 800)


@in_simulated_time
async def test_what_was_wrong_once(certhia_world: World) -> None:
    log, bench = await followed(certhia_world, Protocol.STATIC)
    log.hooks.append(flipped_leaf(700, times=1))
    (found,), _ = await again(bench)
    assert found.start <= 700 < found.end
    assert found.what.endswith("are those that were verified when read once more")


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_an_entry_that_is_another_one_wherever_it_is_asked_for(certhia_world: World, kind: Protocol) -> None:
    """Also in the answer that has its proof beside it: then its hash is known by its neighbour's proof."""
    log, bench = await followed(certhia_world, kind)
    log.swapped.update({place: flipped(log.entries[place]) for place in (310, 401)})
    found, _ = await again(bench)
    assert [(one.start, one.end) for one in found] == [(310, 311), (401, 402)]
