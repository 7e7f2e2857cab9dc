"""Faults L01 to L07: pages, leaves, tiles and heads that are not what they should be."""

from __future__ import annotations

import random

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs.reading import Reading
from certhia.model import Health, Protocol
from certhia.testing import World, in_simulated_time, old_head, short
from certhia.testing.false_heads import BAD_NOTES, BAD_STHS, bad_head
from certhia.testing.hostile import flipped_leaf, flipped_tile, over_page, zero_page

PAGES = r"get-entries|tile/data"
HEADS = {Protocol.RFC6962: 8000, Protocol.STATIC: 1000, Protocol.HYBRID: 1000}  # static ones take longest
MINUTE = 60.0
HOUR = 60 * MINUTE


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l01_zero_page(certhia_world: World, kind: Protocol) -> None:
    """At most 30 requests for entries in ten minutes, nothing taken over, told; then all is read."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 1000)
    log.hooks.append(zero_page())
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(10 * MINUTE)
        assert 0 < bench.wire.count(PAGES) <= 30
        assert (bench.status.position, bench.read()) == (0, [])
        assert bench.status.trouble
        log.hooks.clear()
        await bench.clock.sleep(2 * HOUR)
        log.publish()
        await bench.clock.sleep(MINUTE)
    bench.check()
    assert bench.status.health is Health.HEALTHY


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l02_over_page(certhia_world: World, kind: Protocol) -> None:
    """No entry twice and none skipped, however many more come than were asked for; told."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 2000)
    fault = over_page(7)
    fault.every = 3
    log.hooks.append(fault)
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(HOUR)
        assert bench.read() == list(range(len(bench.read())))
        log.hooks.clear()
        await bench.clock.sleep(2 * HOUR)
    assert fault.hits > 0
    bench.check()


@in_simulated_time
async def test_l02_over_page_over_ten_thousand_pages(certhia_world: World) -> None:
    """0 duplicates and 0 skips over ten thousand pages, of which every hundredth is too long."""
    log = make(certhia_world, Protocol.RFC6962, max_get_entries=2)
    fill(certhia_world, log, 20_000)
    fault = over_page(3)
    fault.every = 100
    log.hooks.append(fault)
    bench = Bench(certhia_world, log, reading=Reading(patience=0), latency=0)
    async with bench.following():
        await bench.clock.sleep(4 * HOUR)
    bench.check()
    assert fault.hits >= 100
    assert bench.wire.count(PAGES) >= 10_000


@pytest.mark.parametrize("seed", range(3))
@in_simulated_time
async def test_l03_short_page(certhia_world: World, seed: int) -> None:
    """All is read, and after twenty pages at most 1.1 requests for each that the log's limit makes necessary."""
    dice = random.Random(seed)
    limit = 32
    log = make(certhia_world, Protocol.RFC6962, max_get_entries=limit)
    fill(certhia_world, log, 200 * limit)
    counts = [dice.randrange(1, limit) for _ in range(20)]
    log.hooks.append(short(*counts, times=20))
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(HOUR)
    bench.check()
    ideal = (log.size - sum(counts)) / limit
    assert bench.wire.count(PAGES) - 20 <= 1.1 * ideal + 2


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l04_flipped_leaf(certhia_world: World, kind: Protocol) -> None:
    """Found at the first head that covers it; the verified position stays before it, until the truth is told."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 512)
    log.hooks.append(flipped_leaf(700))
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(MINUTE)
        fill(certhia_world, log, 512)
        await bench.clock.sleep(10 * MINUTE)
        assert bench.status.alarms
        assert bench.status.verified <= 700
        bench.check_steps(0, bench.status.verified)


@in_simulated_time
async def test_l05_flipped_tile(certhia_world: World) -> None:
    """A hash tile that disagrees with the data never moves the verified position past what a head proves."""
    log = make(certhia_world, Protocol.STATIC)
    fill(certhia_world, log, 700)
    log.hooks.append(fault := flipped_tile(600, times=3))
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(10 * MINUTE)
        fill(certhia_world, log, 400)
        await bench.clock.sleep(2 * HOUR)
    bench.check()
    assert fault.hits <= 3


BAD = [*((Protocol.STATIC, kind) for kind in BAD_NOTES), *((Protocol.RFC6962, kind) for kind in BAD_STHS)]


@pytest.mark.parametrize("kind, how", BAD)
@in_simulated_time
async def test_l06_bad_note(certhia_world: World, kind: Protocol, how: str) -> None:
    """None is accepted: nothing is read by one, it is told, asked for again, and the next good one counts."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    log.hooks.append(bad_head(how))
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(10 * MINUTE)
        assert (bench.status.head, bench.read(), bench.steps) == (None, [], [])
        assert bench.status.health is Health.FAILED
        asked = bench.paces.asked[log.id]
        assert asked.as_json() == {"head": {"rejected": asked.count()}}
        assert asked.count() >= 3
        log.hooks.clear()
        await bench.clock.sleep(2 * HOUR)
    bench.check()


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l07_older_head(certhia_world: World, kind: Protocol) -> None:
    """Ten thousand heads in any order, over the three kinds of log: no alarm, no step back."""
    dice = random.Random(7)
    log = make(certhia_world, kind)
    bench = Bench(certhia_world, log, reading=Reading(patience=0, poll_static=1, poll_rfc6962=1), latency=0)
    fill(certhia_world, log, 100)
    async with bench.following():
        await bench.clock.sleep(5)
        shown = 0
        while shown < HEADS[kind]:
            fill(certhia_world, log, dice.randrange(3))
            log.hooks[:] = [old_head(dice.choice(log.heads[-40:]))] if dice.random() < 0.8 else []
            await bench.clock.sleep(1)
            shown += 1
        log.hooks.clear()
        await bench.clock.sleep(10 * MINUTE)
    bench.check()
    assert bench.status.alarms == []
