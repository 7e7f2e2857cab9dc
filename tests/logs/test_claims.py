"""Heads that were taken back: kept, fulfilled, told once."""

from __future__ import annotations

from tests.logs.bench import Bench, fill, make

from certhia.logs.claims import KEPT, Claims
from certhia.logs.contradiction import Sight
from certhia.logs.status import longest_silence
from certhia.model import Head, Protocol
from certhia.testing import World, in_simulated_time

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
    assert [head.raw for head in kept.heads] == [b"raw 10", b"raw 1000"]
    (alarm,) = bench.status.alarms
    assert alarm.startswith(f"signed a head of 1000 entries (root {(b'r' * 32).hex()}) and took it back: ")
    assert "later its head covers 10; evidence: evidence/kept.json" in alarm
