"""The heads of one log as they come: older ones, false ones, and those that are taken back."""

from __future__ import annotations

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs.judging import Verdict, judge
from certhia.logs.reading import Origin, Reading
from certhia.model import Health, Protocol
from certhia.quantity import Point
from certhia.testing import World, fail, in_simulated_time, old_head

STATIC = Protocol.STATIC
NOW = Origin(Point("now"))
kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
@in_simulated_time
async def test_older_heads_are_left_alone(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    first = log.head
    log.hooks.append(old_head(first, every=2))
    bench = Bench(certhia_world, log)
    async with bench.following():
        for _ in range(20):
            await bench.clock.sleep(60)
            fill(certhia_world, log, 20)
        await bench.clock.sleep(200)
    bench.check()
    assert bench.texts == []
    assert bench.status.failures == 0
    assert bench.status.alarms == []


@kinds
@in_simulated_time
async def test_two_heads_of_one_size_that_differ_freeze_the_log(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(100)
        log.sign(300, root=b"x" * 32)
        await bench.clock.sleep(100)
        assert bench.status.verified == 300
        assert bench.health() is Health.FROZEN
        fill(certhia_world, log, 10)
        await bench.clock.sleep(400)
    (alarm,) = bench.status.alarms
    roots = f"{log.tree.root(300).hex()} and {(b'x' * 32).hex()}"
    assert alarm.startswith(f"frozen at 300: signed two heads of size 300, with roots {roots}; evidence: evidence/")
    assert alarm.endswith(f"`certhia logs --accept {log.model.url}` has it go on")
    assert judge(bench.evidence[0]).verdict is Verdict.PROOF
    bench.check(verified=300)
    assert [arrival.verified for arrival in bench.arrivals][-1] is False
    assert bench.status.failures == 0, "reading goes on"


@kinds
@pytest.mark.parametrize("size", [0, 1, 200, 299])
@in_simulated_time
async def test_an_older_head_of_another_tree_freezes_the_log(certhia_world: World, kind: Protocol, size: int) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(100)
        forged = old_head(log.sign(size, root=b"x" * 32))
        log.publish()
        log.hooks.append(forged)
        await bench.clock.sleep(100)
        log.hooks.remove(forged)
        await bench.clock.sleep(400)
        assert bench.health() is Health.FROZEN
    assert [text.split(" (")[0] for text in bench.status.alarms] == [
        f"frozen at 300: {log.model.url}: its signed head of size {size}"
    ]
    assert judge(bench.evidence[0]).verdict is Verdict.PROOF
    bench.check()


@kinds
@in_simulated_time
async def test_older_heads_that_are_new_to_us_are_proven_once(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    heads = []
    for _ in range(4):
        fill(certhia_world, log, 100)
        heads.append(log.head)
    bench = Bench(certhia_world, log, NOW)
    async with bench.following():
        await bench.clock.sleep(100)
        for head in heads[:3]:
            log.hooks = [old_head(head)]
            await bench.clock.sleep(90)
        early = log.sign(50)
        log.publish()
        log.hooks = [old_head(early), fail(500, endpoints=("get-sth-consistency", "tile/0"))]
        await bench.clock.sleep(100)
        assert bench.status.failures == 0
    proofs = [url for url in bench.wire.asked if "get-sth-consistency" in url and "first=50" not in url]
    assert len(proofs) == (0 if kind is STATIC else 3)
    assert bench.status.alarms == bench.texts == []


@kinds
@in_simulated_time
async def test_a_contradiction_is_seen_over_a_restart(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    before = await Bench(certhia_world, log).follow(100)
    log.sign(300, root=b"x" * 32)
    after = await Bench(certhia_world, log, before.resumed()).follow(100)
    assert [text.split(",")[0] for text in after.status.alarms] == ["frozen at 300: signed two heads of size 300"]
    assert judge(after.evidence[0]).verdict is Verdict.PROOF
    forged = log.sign(299, root=b"x" * 32)
    log.publish()
    log.hooks.append(old_head(forged))
    after = await Bench(certhia_world, log, before.resumed()).follow(100)
    assert len(after.status.alarms) == 1
