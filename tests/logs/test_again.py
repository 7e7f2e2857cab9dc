"""What was verified, read again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs.again import Again, Difference
from certhia.logs.reading import Reading
from certhia.model import Protocol
from certhia.store.reading import LedgerRow
from certhia.testing import FakeLog, World, fail, in_simulated_time
from certhia.testing.hostile import flipped_leaf

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
