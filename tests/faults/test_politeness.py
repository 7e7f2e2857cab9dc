"""Requests are counted, and there are no more of them than a log's growth asks for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.errors import RemoteError
from certhia.logs.asked import Outcome, Reason
from certhia.logs.reading import Reading
from certhia.logs.status import FIRST_PAUSE, LONGEST_PAUSE
from certhia.model import Health, Protocol
from certhia.testing import RateLimit, World, in_simulated_time

HOUR = 3600.0
JITTER = 0.1  # of a pause


@pytest.mark.parametrize("size", [256, 300])
@in_simulated_time
async def test_an_idle_static_log_costs_a_checkpoint_a_poll_and_no_tile(certhia_world: World, size: int) -> None:
    log = make(certhia_world, Protocol.STATIC)
    fill(certhia_world, log, size)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(300)
        bench.check()
        before = len(bench.wire.asked)
        for _ in range(12):
            log.publish()  # another head of the same tree, as logs sign one in each MMD
            await bench.clock.sleep(HOUR / 12)
        asked = bench.wire.asked[before:]
        counted = bench.paces.asked[log.id]
    assert set(asked) == {f"{log.url}checkpoint"}
    assert HOUR / (10 * (1 + JITTER)) - 1 <= len(asked) <= HOUR / (10 * (1 - JITTER)) + 1
    assert counted.count() == len(bench.wire.asked)
    assert counted.count(Reason.HEAD, Outcome.OK) == bench.wire.count("checkpoint$")


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_an_idle_log_costs_a_head_a_poll(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(poll_rfc6962=30, poll_static=30))
    async with bench.following():
        await bench.clock.sleep(300)
        before = len(bench.wire.asked)
        await bench.clock.sleep(600)
    assert all(url.endswith(("checkpoint", "get-sth")) for url in bench.wire.asked[before:])
    assert len(bench.wire.asked) - before <= 600 / (30 * (1 - JITTER)) + 1


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_a_log_that_is_down_is_asked_as_often_as_its_backoff_says(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log)
    times = list[float]()

    def down(_number: int, url: str) -> None:
        times.append(bench.clock.monotonic())
        raise RemoteError(f"{url}: no answer")

    async with bench.following():
        await bench.clock.sleep(300)
        before = len(bench.wire.asked)
        bench.wire.fault = down
        await bench.clock.sleep(12 * HOUR)
        assert bench.health() is Health.FAILED
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) >= 12
    for number, gap in enumerate(gaps[2:]):  # from the third failure on
        assert gap >= (1 - JITTER) * min(FIRST_PAUSE * 2**number, LONGEST_PAUSE), number
    assert bench.paces.asked[log.id].count(Reason.HEAD, Outcome.FAILED) == len(times) == len(bench.wire.asked) - before


@in_simulated_time
async def test_refusals_are_counted_and_few(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962, max_get_entries=32)
    limit = RateLimit(certhia_world.clock, rate=2, burst=4)
    fill(certhia_world, log, 32 * 2 * 900)
    log.hooks.append(limit)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(600)
        asked = bench.paces.asked[log.id]
        assert asked.count(outcome=Outcome.THROTTLED) == limit.refused > 0
        assert asked.count(outcome=Outcome.OK) == limit.allowed
        assert limit.refused <= 0.05 * limit.allowed
