"""All that servers do, at random and at once: in the end every entry came once, in order and proven."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from tests.logs.bench import KINDS, Bench, fill, flipped, make

from certhia.logs.reading import Origin, Reading
from certhia.model import Protocol
from certhia.quantity import Point
from certhia.testing import (
    FakeLog,
    Fault,
    RateLimit,
    World,
    fail,
    in_simulated_time,
    lag,
    old_head,
    short,
    silent,
    slow,
)

HOUR = 3600.0


def weather(world: World, log: FakeLog, dice: random.Random) -> Fault | RateLimit:
    """Some fault or other."""
    every = dice.randrange(1, 6)
    kinds: list[Callable[[], Fault | RateLimit]] = [
        lambda: fail(dice.choice([400, 404, 408, 500, 502, 503]), every=every + 1),
        lambda: fail(429, every=every + 1, retry_after=dice.choice(["", "3", "0", "-1", "1e9", "junk"])),
        lambda: silent(every=every),
        lambda: slow(dice.choice([0.5, 20, 90]), every=every),
        lambda: short(*(dice.randrange(1, 64) for _ in range(3))),
        lambda: lag(dice.randrange(log.size + 1), every=every),
        lambda: old_head(dice.choice(log.heads), every=every),
        lambda: RateLimit(world.clock, rate=dice.choice([0.2, 2, 20]), burst=dice.randrange(1, 9)),
        lambda: fail(200, every=every + 2, body=dice.choice([b"{}", b"<html>", b'{"entries":[]}', b"\x00" * 40])),
    ]
    return dice.choice(kinds)()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(10))
@in_simulated_time
async def test_after_any_weather_all_is_there(certhia_world: World, kind: Protocol, seed: int) -> None:
    dice = random.Random(f"{seed} {kind}")
    log = make(certhia_world, kind, drop_partials=dice.random() < 0.5, max_get_entries=dice.choice([5, 32, 256]))
    lie = flipped(certhia_world, log, 600, dice.randrange(600), times=dice.randrange(2))
    start = dice.choice([0, 100, 599])
    reading = Reading(patience=dice.choice([0, 60]), verify_entries=dice.choice([64, 4096]))
    bench = Bench(certhia_world, log, Origin(Point("index", start)), reading=reading, latency=dice.choice([0.01, 0.5]))
    log.hooks.append(lie)
    async with bench.following():
        await bench.clock.sleep(1)
        for _ in range(12):
            log.hooks[1:] = [weather(certhia_world, log, dice) for _ in range(dice.randrange(3))]
            fill(certhia_world, log, dice.choice([0, 1, 40, 300]))
            await bench.clock.sleep(dice.uniform(5, 900))
        log.hooks.clear()
        await bench.clock.sleep(3 * HOUR)
        fill(certhia_world, log, 10)
        await bench.clock.sleep(2 * HOUR)
    bench.check(start=start)
    assert bench.status.alarms == [], "a leaf that differed once is none"
