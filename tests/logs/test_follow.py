"""One log, followed: every entry once, in order and proven, whatever the log's servers do meanwhile."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs.reading import Origin, Reading
from certhia.model import Health, Protocol
from certhia.quantity import Point
from certhia.testing import Fault, RateLimit, World, fail, in_simulated_time, lag, old_head, short, silent, slow

RFC6962, STATIC, HYBRID = Protocol.RFC6962, Protocol.STATIC, Protocol.HYBRID
NOW = Origin(Point("now"))
kinds = pytest.mark.parametrize("kind", KINDS)


# --- the plain way ---


@kinds
@in_simulated_time
async def test_from_now_on_each_entry_comes_once_and_proven(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 700)
    bench = Bench(certhia_world, log, NOW)
    async with bench.following():
        for count in (3, 0, 1, 300, 40, 1):
            await bench.clock.sleep(200)
            fill(certhia_world, log, count)
        await bench.clock.sleep(200)
    bench.check(start=700)
    assert bench.steps[0].start == bench.steps[0].end == 700
    assert bench.health() is Health.HEALTHY
    assert bench.texts == []


@kinds
@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 700])
@in_simulated_time
async def test_from_the_beginning(certhia_world: World, kind: Protocol, size: int) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, size)
    bench = await Bench(certhia_world, log).follow(100)
    bench.check()
    if size:
        assert bench.arrivals[-1].verified == (kind is not STATIC or size % 256 != 0 or size == 256)


@kinds
@pytest.mark.parametrize(
    "point, start", [(Point("index", 300), 300), (Point("back", 100), 600), (Point("index", 9999), 700)]
)
@in_simulated_time
async def test_from_an_index(certhia_world: World, kind: Protocol, point: Point, start: int) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 700)
    bench = await Bench(certhia_world, log, Origin(point)).follow(100)
    bench.check(start=start)


@kinds
@pytest.mark.parametrize(
    "until, end", [(Point("now"), 700), (Point("index", 300), 300), (Point("back", 100), 600), (Point("index", 0), 0)]
)
@in_simulated_time
async def test_until(certhia_world: World, kind: Protocol, until: Point, end: int) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 700)
    bench = await Bench(certhia_world, log, reading=Reading(until=until)).follow(30)
    assert bench.ended() == f"read until {end}"
    bench.check(end=end)


@kinds
@in_simulated_time
async def test_until_an_index_that_is_yet_to_come(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(until=Point("index", 350)))
    async with bench.following():
        await bench.clock.sleep(200)
        assert not bench.ended()
        fill(certhia_world, log, 100)
        await bench.clock.sleep(40)
    assert bench.ended() == "read until 350"
    bench.check(end=350)


@kinds
@in_simulated_time
async def test_what_arrives_says_whether_it_is_proven(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 2048)
    bench = await Bench(certhia_world, log).follow(30)
    bench.check()
    assert [one.verified for one in bench.arrivals] == [False] * (len(bench.arrivals) - 1) + [True]


# --- servers as they are ---


@kinds
@in_simulated_time
async def test_a_front_end_that_lags_is_waited_for(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 700)
    behind = lag(130, endpoints=("get-entries", "tile/data", "tile/0"))
    log.hooks.append(behind)
    bench = Bench(certhia_world, log, reading=Reading(verify_seconds=1e9))
    async with bench.following():
        await bench.clock.sleep(250)
        assert bench.health() is Health.HEALTHY
        assert bench.status.failures == 0
        assert bench.read() == list(range(bench.status.position))
        assert bench.status.position <= 130
        log.hooks.remove(behind)
        await bench.clock.sleep(150)
    bench.check()
    assert bench.texts == []


@pytest.mark.parametrize("counts", [(1, 7, 31), (63,), (5,)])
@in_simulated_time
async def test_short_answers(certhia_world: World, counts: tuple[int, ...]) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 1000)
    log.hooks.append(short(*counts))
    bench = await Bench(certhia_world, log).follow(120)
    bench.check()
    assert len(bench.arrivals) <= 1 + 1000 // 256, "small answers are joined"


@kinds
@pytest.mark.parametrize("retry_after", ["", "seconds", "date", "sloppy", "0", "-5", "1e9", "soon"])
@in_simulated_time
async def test_throttled(certhia_world: World, kind: Protocol, retry_after: str) -> None:
    log = make(certhia_world, kind, mmd=86_400)
    fill(certhia_world, log, 2000)
    log.hooks.append(RateLimit(certhia_world.clock, rate=1, burst=3, retry_after=retry_after))
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(1500)
        assert bench.status.failures == 0
        assert bench.health() is Health.HEALTHY
    bench.check()
    assert bench.texts == []


@kinds
@pytest.mark.parametrize(
    "fault", [fail(500, every=3), silent(every=4), fail(503, every=5, body=b"<html>"), slow(70, every=9)]
)
@in_simulated_time
async def test_failures_now_and_then(certhia_world: World, kind: Protocol, fault: Fault) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 1500)
    log.hooks.append(replace(fault))
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(3600)
    bench.check()


@kinds
@in_simulated_time
async def test_three_failed_rounds_make_failed_then_it_is_asked_less_often_until_it_answers(
    certhia_world: World, kind: Protocol
) -> None:
    log = make(certhia_world, kind, mmd=86_400)
    fill(certhia_world, log, 100)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(100)
        outage = fail(500)
        log.hooks.append(outage)
        log.recent.clear()
        await bench.clock.sleep(100)
        assert bench.health() is Health.FAILED
        await bench.clock.sleep(4 * 3600)
        times = [request.at for request in log.recent]
        pauses = [(later - at) / 60 for at, later in pairwise(times)]
        poll = bench.follower.poll / 60
        assert pauses[:9] == pytest.approx([poll, poll, 1, 2, 4, 8, 16, 32, 60], rel=0.11)
        assert all(54 < pause < 66 for pause in pauses[9:])
        log.hooks.remove(outage)
        await bench.clock.sleep(4000)
        assert bench.health() is Health.HEALTHY
    assert [text.split(":")[0] for text in bench.texts] == [
        "failed 3 times in a row, asked less often now",
        "answers again",
    ]
    bench.check()


# --- a static log's last tile ---


@in_simulated_time
async def test_an_idle_static_log_costs_one_checkpoint_a_poll_and_no_tiles(certhia_world: World) -> None:
    log = make(certhia_world, STATIC)
    fill(certhia_world, log, 700)
    bench = Bench(certhia_world, log, reading=Reading(poll_static=10))
    async with bench.following():
        await bench.clock.sleep(100)
        bench.wire.asked.clear()
        await bench.clock.sleep(600)
        log.publish()
        await bench.clock.sleep(600)
    assert 115 <= len(bench.wire.asked) <= 125
    assert bench.wire.count("/checkpoint$") == len(bench.wire.asked)


@in_simulated_time
async def test_a_partial_tile_is_read_after_patience_and_proven_before(certhia_world: World) -> None:
    log = make(certhia_world, STATIC)
    fill(certhia_world, log, 512)
    bench = Bench(certhia_world, log, reading=Reading(patience=60))
    async with bench.following():
        await bench.clock.sleep(15)
        bench.wire.asked.clear()
        fill(certhia_world, log, 10)
        await bench.clock.sleep(40)
        assert bench.wire.count("tile/0/002.p/10$") == 1, "the head is proven from the hash tile meanwhile"
        assert bench.wire.count("tile/data/") == 0
        assert bench.status.position == 512
        await bench.clock.sleep(60)
        assert bench.wire.count("tile/data/002.p/10$") == 1
        assert bench.status.verified == 522
    bench.check()


@in_simulated_time
async def test_patience_begins_anew_with_what_comes_next(certhia_world: World) -> None:
    log = make(certhia_world, STATIC)
    fill(certhia_world, log, 512)
    bench = Bench(certhia_world, log, reading=Reading(patience=60))
    async with bench.following():
        for _ in range(60):
            fill(certhia_world, log, 1)
            await bench.clock.sleep(10)
        assert 6 <= bench.wire.count(r"tile/data/002\.p/") <= 11
        assert len(log) - bench.status.position <= 9


@in_simulated_time
async def test_full_tiles_are_read_at_once_and_the_rest_with_patience(certhia_world: World) -> None:
    log = make(certhia_world, STATIC)
    fill(certhia_world, log, 520)
    bench = Bench(certhia_world, log, NOW, reading=Reading(patience=60))
    async with bench.following():
        await bench.clock.sleep(15)
        fill(certhia_world, log, 300)
        await bench.clock.sleep(15)
        assert bench.status.position == 768
        await bench.clock.sleep(70)
    bench.check(start=520)


@in_simulated_time
async def test_a_partial_tile_that_is_gone_is_read_from_the_full_one(certhia_world: World) -> None:
    log = make(certhia_world, STATIC, drop_partials=True)
    fill(certhia_world, log, 300)
    shown = old_head(log.head)
    fill(certhia_world, log, 300)
    log.hooks.append(shown)
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(30)
        assert bench.status.verified == 300
        log.hooks.clear()
        await bench.clock.sleep(30)
    bench.check()


@in_simulated_time
async def test_a_false_head_over_an_unread_tile_is_found_when_it_is_read(certhia_world: World) -> None:
    log = make(certhia_world, STATIC)
    fill(certhia_world, log, 512)
    bench = Bench(certhia_world, log, reading=Reading(patience=600))
    async with bench.following():
        await bench.clock.sleep(15)
        fill(certhia_world, log, 5)
        log.sign(517, root=b"y" * 32)
        log.heads.pop(-2)
        await bench.clock.sleep(1200)
        assert bench.status.verified == 512
        assert len(bench.status.alarms) == 1
        assert bench.health() is not Health.HEALTHY
