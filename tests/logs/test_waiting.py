"""What stops us from seeing a log's entries is told: front ends that keep us waiting, heads that stand still."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs.reading import Reading
from certhia.model import Health, Protocol
from certhia.net import Response
from certhia.testing import Fault, World, fail, in_simulated_time, lag, old_head

STATIC = Protocol.STATIC
ENTRIES = ("get-entries", "tile/data")
DAY = 86_400
kinds = pytest.mark.parametrize("kind", KINDS)
NOTHING = Fault(lambda _: Response(200, b'{"entries":[]}', {}), frozenset({"get-entries"}))


@kinds
@pytest.mark.parametrize("fault", [fail(429, endpoints=ENTRIES), fail(429), fail(404, endpoints=ENTRIES), lag(0)])
@in_simulated_time
async def test_a_log_that_keeps_us_waiting_is_degraded_and_told_once(
    certhia_world: World, kind: Protocol, fault: Fault
) -> None:
    log = make(certhia_world, kind, mmd=DAY)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(100)
        fill(certhia_world, log, 300)
        log.hooks.append(fault)
        await bench.clock.sleep(500)
        assert bench.health() is Health.HEALTHY
        await bench.clock.sleep(7000)
        assert (bench.health(), bench.status.failures) == (Health.DEGRADED, 0)
        assert [level for level, text in bench.notices if "keeps us waiting for 1" in text] == ["warning"]
        log.hooks.remove(fault)
        await bench.clock.sleep(2000)
        assert bench.health() is Health.HEALTHY
    assert bench.texts[1:] == ["no longer keeps us waiting"]
    bench.check()


@in_simulated_time
async def test_empty_answers_are_waiting_too(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 300)
    log.hooks.append(NOTHING)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(1000)
        assert (bench.health(), bench.status.failures) == (Health.DEGRADED, 0)
    assert len(bench.texts) == 1


@kinds
@in_simulated_time
async def test_heads_below_what_was_read_are_waiting_too(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind, mmd=DAY)
    fill(certhia_world, log, 300)
    early = log.head
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(100)
        log.hooks.append(old_head(early))
        await bench.clock.sleep(1000)
        assert (bench.health(), bench.status.failures) == (Health.DEGRADED, 0)
        assert bench.status.trouble.endswith("its head covers 300 entries, 600 were read already")
        log.hooks.clear()
        await bench.clock.sleep(60)
        assert bench.health() is Health.HEALTHY
    after = Bench(certhia_world, log, bench.resumed())
    log.hooks.append(old_head(early))
    async with after.following():
        await bench.clock.sleep(1000)
        assert (after.health(), after.status.failures) == (Health.DEGRADED, 0)


@pytest.mark.parametrize("kind, mmd, most", [
    (Protocol.RFC6962, DAY, DAY + 3600), (Protocol.HYBRID, DAY, DAY + 3600), (STATIC, 60, 660), (STATIC, 1, 660),
])  # fmt: skip
@in_simulated_time
async def test_a_head_that_stands_still_for_too_long(certhia_world: World, kind: Protocol, mmd: int, most: int) -> None:
    log = make(certhia_world, kind, mmd=mmd)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log)
    async with bench.following():
        for _ in range(3):
            await bench.clock.sleep(most - 60)
            assert bench.health() is Health.HEALTHY
            log.publish()
        await bench.clock.sleep(2 * most)
        assert bench.health() is Health.DEGRADED
        assert [(level, text[:18]) for level, text in bench.notices] == [("warning", "signed no head for")]
        log.publish()
        await bench.clock.sleep(60)
        assert bench.health() is Health.HEALTHY
    assert len(bench.texts) == 1


@kinds
@in_simulated_time
async def test_a_log_that_has_ended_may_stand_still(certhia_world: World, kind: Protocol) -> None:
    interval = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    log = make(certhia_world, kind, interval=interval)
    fill(certhia_world, log, 300)
    bench = await Bench(certhia_world, log).follow(200_000)
    assert bench.ended()
    assert bench.texts == []
