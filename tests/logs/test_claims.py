"""Heads that were taken back: kept, fulfilled, told once."""

from __future__ import annotations

from pathlib import Path

from tests.logs.bench import Bench, fill, make
from tests.rig import Rig

from certhia.alarms.guard import Guarding
from certhia.logs.claims import KEPT, Claims
from certhia.logs.contradiction import Sight
from certhia.logs.evidence import decode
from certhia.logs.judging import Verdict, judge
from certhia.logs.status import longest_silence
from certhia.model import Head, Protocol
from certhia.testing import World, fail, in_simulated_time, old_head

HOUR = 3600.0


def bench_of(world: World) -> Bench:
    log = make(world, Protocol.STATIC)
    fill(world, log, 10)
    return Bench(world, log)


def claims_of(bench: Bench) -> Claims:
    follower = bench.follower
    return Claims(follower.log, follower.status, follower._out, follower._verifier)


def sight(size: int, at: float = 0.0, root: bytes = b"r" * 32) -> Sight:
    return Sight(Head(size, root, 0, b"raw %d" % size), at)


@in_simulated_time
async def test_the_first_ones_are_kept_each_once(certhia_world: World) -> None:
    claims = claims_of(bench_of(certhia_world))
    for at in (1.0, 2.0):
        for size in range(100, 100 + 2 * KEPT):
            claims.add(sight(size, at), 10)
    assert [(one.head.size, one.at) for one in claims.covered(1000)] == [(100 + number, 1.0) for number in range(KEPT)]
    assert [one.head.size for one in claims.covered(101)] == [100, 101]
    claims.drop(sight(100))
    claims.add(sight(101, root=b"o" * 32), 10)
    assert [one.head.size for one in claims.covered(1000)] == [101, 102, 103, 101]


@in_simulated_time
async def test_what_is_overdue_is_told_once_with_both_heads(certhia_world: World) -> None:
    bench = bench_of(certhia_world)
    claims = claims_of(bench)
    claims.add(sight(1000, 50.0), 10)
    claims.add(sight(10**9, 60.0), 10)
    assert bench.texts == [
        "shows a head of 10 entries after one of 1000000000: follows the smaller one until they come"
    ]
    due = 50.0 + longest_silence(bench.log.model)
    await claims.look(sight(10), due - 1)
    await claims.look(sight(1000), due + 1)
    assert bench.kept == []
    for _ in range(2):
        await claims.look(sight(10), due + HOUR)
    (kept,) = bench.kept
    assert [head.raw for head in kept.heads] == [b"raw 1000", b"raw 10"]
    (alarm,) = bench.status.alarms
    assert alarm.startswith(f"signed a head of 1000 entries (root {(b'r' * 32).hex()}) and took it back: ")
    assert "later its head covers 10; evidence: evidence/kept.json" in alarm


@in_simulated_time
async def test_the_alarm_is_over_when_the_log_has_lived_up_to_it(certhia_world: World) -> None:
    bench = bench_of(certhia_world)
    claims = claims_of(bench)
    for size in (1000, 2000):
        claims.add(sight(size), 10)
    for _ in range(3):
        await claims.look(sight(10), HOUR)
    claims.drop(sight(2000))
    (alarm,) = bench.status.alarms
    assert alarm.startswith("signed a head of 1000 entries")
    claims.add(sight(2000), 10)
    claims.drop(sight(1000))
    assert bench.status.alarms == []
    await claims.look(sight(1000), HOUR)
    (alarm,) = bench.status.alarms
    assert alarm.startswith("signed a head of 2000 entries"), "the next one has its own"


@in_simulated_time
async def test_a_front_end_that_was_late_is_forgiven_when_it_shows_that_very_tree(
    certhia_world: World, tmp_path: Path
) -> None:
    """A head was shown before its tiles could be had, then an old one for 20 minutes. The evidence claims no more than
    that: nobody asked for a proof."""
    log = make(certhia_world, Protocol.STATIC)
    fill(certhia_world, log, 100)
    rig = Rig(certhia_world, tmp_path)
    rig.guarding = Guarding(interval=60, places=(tmp_path,))
    async with rig.running() as pipeline:
        await rig.clock.sleep(30)
        faults = [fail(404, endpoints=["tile/data", "tile/0", "tile/1"])]
        early = log.head
        log.hooks += faults
        fill(certhia_world, log, 400)
        await rig.clock.sleep(15)
        faults.append(old_head(early))
        log.hooks.append(faults[-1])
        await rig.clock.sleep(1200)
        (alarm,) = pipeline.statuses()[0].alarms
        assert "and took it back: " in alarm
        for fault in faults:
            log.hooks.remove(fault)
        await rig.clock.sleep(1200)
        (status,) = pipeline.statuses()
        assert (status.alarms, status.verified) == ([], log.size)
    (file,) = (tmp_path / "evidence").iterdir()
    finding = judge(decode(file.read_bytes()))
    assert finding.verdict is Verdict.OBSERVATION
    assert finding.because.startswith(
        f"the log signed a head of {log.size} entries, and showed one of 100 as we saw it "
    )
    assert finding.because.endswith(" min later: it took the larger one back, as far as we saw")
