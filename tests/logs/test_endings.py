"""Where following one log ends, and how it goes on after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs.reading import Origin, Reading
from certhia.model import FinalHead, Health, Protocol
from certhia.quantity import Backlog, Point
from certhia.testing import World, fail, in_simulated_time, old_head

RFC6962, STATIC, HYBRID = Protocol.RFC6962, Protocol.STATIC, Protocol.HYBRID
NOW = Origin(Point("now"))
kinds = pytest.mark.parametrize("kind", KINDS)


# --- until nothing is left ---


@kinds
@in_simulated_time
async def test_a_log_that_ended_is_followed_until_it_stood_still(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind, mmd=3600)
    fill(certhia_world, log, 300)
    final = log.freeze()
    bench = Bench(certhia_world, log, reading=Reading(poll_static=600, poll_rfc6962=600))
    async with bench.following():
        await bench.clock.sleep(86_400 + 3000)
        assert not bench.ended()
        await bench.clock.sleep(3600)
    assert bench.ended() == f"ended at {final.size} entries with the final root of the log list"
    assert bench.status.alarms == []
    bench.check()


@kinds
@in_simulated_time
async def test_entries_that_come_late_put_the_end_off(certhia_world: World, kind: Protocol) -> None:
    log = make(
        certhia_world, kind, mmd=3600, interval=(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    )
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(poll_static=600, poll_rfc6962=600))
    async with bench.following():
        await bench.clock.sleep(80_000)
        fill(certhia_world, log, 10)
        await bench.clock.sleep(86_400)
        assert not bench.ended()
        await bench.clock.sleep(5000)
    assert bench.ended() == "ended at 310 entries"
    bench.check()


@kinds
@in_simulated_time
async def test_the_time_it_stood_still_counts_over_a_restart(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind, mmd=3600)
    fill(certhia_world, log, 300)
    log.freeze()
    before = await Bench(certhia_world, log).follow(100)
    certhia_world.clock.advance(100_000)  # type: ignore[attr-defined]
    after = await Bench(certhia_world, log, before.resumed()).follow(60)
    assert after.ended().startswith("ended at 300 entries")


@pytest.mark.parametrize(
    "final, said",
    [
        (FinalHead(300, b"z" * 32), "its head of 300 entries differs from the final one of the log list"),
        (FinalHead(200, b"z" * 32), "goes on beyond the final head of the log list, 200 entries"),
    ],
)
@in_simulated_time
async def test_a_final_root_that_differs_is_an_alarm_once(certhia_world: World, final: FinalHead, said: str) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 300)
    listed = replace(log.model, state="readonly", final=final)
    bench = Bench(certhia_world, log, listed=listed)
    async with bench.following():
        await bench.clock.sleep(500)
        if final.size == 200:
            for _ in range(3):
                fill(certhia_world, log, 1)
                await bench.clock.sleep(60)
    assert bench.status.alarms == [said]
    assert [level for level, _ in bench.notices].count("error") == 1


@kinds
@in_simulated_time
async def test_finish_reads_what_the_newest_head_covers(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 2000)
    bench = Bench(certhia_world, log, latency=1.0)
    async with bench.following():
        await bench.clock.sleep(8)
        assert bench.status.position < 2000
        bench.follower.finish("no longer wanted")
        fill(certhia_world, log, 500)
        await bench.clock.sleep(400)
    assert bench.ended() == "no longer wanted"
    assert bench.status.verified == bench.status.position == 2000


@in_simulated_time
async def test_finish_of_a_log_that_is_dead_ends_too(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 10)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(50)
        log.hooks.append(fail(500))
        await bench.clock.sleep(1000)
        bench.follower.finish("gone")
        await bench.clock.sleep(4000)
    assert bench.ended() == "gone"


@in_simulated_time
async def test_finish_goes_no_further_than_until(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 1000)
    bench = Bench(certhia_world, log, reading=Reading(until=Point("index", 500)), latency=1.0)
    async with bench.following():
        await bench.clock.sleep(5)
        bench.follower.finish("gone")
        await bench.clock.sleep(200)
    bench.check(end=500)


# --- starting again ---


@kinds
@in_simulated_time
async def test_a_restart_goes_on_at_the_verified_position(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 700)
    before = await Bench(certhia_world, log).follow(100)
    fill(certhia_world, log, 555)
    after = Bench(certhia_world, log, before.resumed())
    assert after.follower.resumed
    await after.follow(100)
    after.check(start=700)
    assert after.wire.count("get-entry-and-proof|get-proof-by-hash") == 0, "the stored edge is enough"


@kinds
@in_simulated_time
async def test_a_restart_before_an_older_head_waits(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    early = log.head
    fill(certhia_world, log, 300)
    before = await Bench(certhia_world, log).follow(100)
    log.hooks.append(old_head(early, times=3))
    bench = Bench(certhia_world, log, before.resumed())
    async with bench.following():
        await bench.clock.sleep(15)
        assert bench.status.lagging
        assert bench.health() is Health.HEALTHY
        await bench.clock.sleep(150)
    bench.check(start=600)


@kinds
@pytest.mark.parametrize("most, start", [(Backlog(entries=100), 900), (Backlog(entries=5000), 300)])
@in_simulated_time
async def test_a_backlog_is_skipped_when_asked_and_recorded(
    certhia_world: World, kind: Protocol, most: Backlog, start: int
) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    before = await Bench(certhia_world, log).follow(100)
    fill(certhia_world, log, 700)
    after = await Bench(certhia_world, log, before.resumed(), reading=Reading(max_backlog=most)).follow(100)
    assert after.read() == list(range(start, 1000))
    after.check_steps(300, 1000)
    skips = [(step.start, step.end, step.note) for step in after.steps if step.note]
    if start == 300:
        assert skips == []
    else:
        assert skips == [(300, 900, "skipped 600 entries, 300 to 899, by --max-backlog")]
        assert after.texts == ["skipped 600 entries, 300 to 899, by --max-backlog"]


@kinds
@in_simulated_time
async def test_a_backlog_is_skipped_by_age(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind, mmd=60)
    fill(certhia_world, log, 300)
    before = await Bench(certhia_world, log).follow(100)
    for _ in range(8):
        certhia_world.clock.advance(3600)  # type: ignore[attr-defined]
        fill(certhia_world, log, 100)
    reading = Reading(max_backlog=Backlog(seconds=2.5 * 3600))
    after = await Bench(certhia_world, log, before.resumed(), reading=reading).follow(100)
    assert after.read() == list(range(800, 1100))
    after.check_steps(300, 1100)


@in_simulated_time
async def test_a_skip_waits_for_its_proof(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 300)
    before = await Bench(certhia_world, log).follow(100)
    fill(certhia_world, log, 700)
    dumb = fail(404, endpoints=("get-entry-and-proof", "get-proof-by-hash"))
    log.hooks.append(dumb)
    bench = Bench(certhia_world, log, before.resumed(), reading=Reading(max_backlog=Backlog(entries=100)))
    async with bench.following():
        await bench.clock.sleep(400)
        assert bench.read() == list(range(900, 1000)), "followed unverified meanwhile"
        assert not bench.status.provable
        assert bench.steps == []
        log.hooks.remove(dumb)
        await bench.clock.sleep(60)
    bench.check_steps(300, 1000)
    assert [(step.start, step.end) for step in bench.steps if step.note] == [(300, 900)]
    assert bench.status.provable
