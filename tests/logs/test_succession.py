"""The heads of one log as they come: older ones, false ones, and those that are taken back."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs.judging import Verdict, judge
from certhia.logs.reading import Origin, Reading
from certhia.logs.status import longest_silence
from certhia.logs.succession import HEADS
from certhia.model import Health, Protocol
from certhia.net import Response
from certhia.quantity import Point
from certhia.testing import Fault, Request, SimClock, World, fail, in_simulated_time, old_head
from certhia.testing.false_heads import time_travel

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
async def test_many_older_heads_with_bad_proofs_freeze_no_honest_log(certhia_world: World, kind: Protocol) -> None:
    """However many there were before: the first bad answer about the last of them counts no more than the others."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, NOW)
    async with bench.following():
        await bench.clock.sleep(100)
        bad = Fault(_no_proof, frozenset(PROOFS))
        for size in range(100, 100 + 2 * HEADS):
            log.hooks = [old_head(log.sign(size)), bad]
            log.publish()
            await bench.clock.sleep(35)
        assert bench.health() is not Health.FROZEN
        log.hooks = []
        await bench.clock.sleep(1500)
        assert bench.status.alarms == [], "all were proven by then"
    assert bench.evidence == []


def _no_proof(request: Request) -> Response:
    """As an answer should look, with hashes that lead nowhere."""
    if request.log.protocol is STATIC:
        return Response(200, bytes(len(request.log.serve(request).body)), {})
    nothing = [b64encode(bytes(32)).decode()] * 3
    return Response(200, json.dumps({"consistency": nothing, "audit_path": nothing, "leaf_input": ""}).encode(), {})


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


# --- what the ledger knows ---

PROOFS = ["get-sth-consistency", "get-entry-and-proof", "get-proof-by-hash", "tile/0", "tile/1"]


@kinds
@pytest.mark.parametrize("restarted", [False, True])
@in_simulated_time
async def test_the_ledger_answers_for_a_log_that_refuses(certhia_world: World, kind: Protocol, restarted: bool) -> None:
    """Another root than that of a step is proof, whatever the log gives: over restarts, and 64 heads later."""
    log = make(certhia_world, kind)
    bench = Bench(certhia_world, log, NOW, reading=Reading(patience=0))
    async with bench.following():
        for _ in range(3 if restarted else HEADS + 10):
            fill(certhia_world, log, 3)
            await bench.clock.sleep(35)
        head = bench.steps[1].head
        if not restarted:
            await lie_and_freeze(bench, head.size)
    if restarted:
        after = Bench(certhia_world, log, bench.resumed(), reading=Reading(patience=0))
        after.steps += bench.steps
        async with after.following():
            await lie_and_freeze(after, head.size)


async def lie_and_freeze(bench: Bench, size: int) -> None:
    lie = old_head(bench.log.sign(size, root=b"x" * 32))
    bench.log.publish()
    bench.log.hooks += [lie, fail(503, endpoints=PROOFS)]
    before = bench.wire.count("consistency")
    await bench.clock.sleep(100)
    (alarm,) = bench.status.alarms
    assert f": signed two heads of size {size}, with roots " in alarm
    assert judge(bench.evidence[0]).verdict is Verdict.PROOF
    assert bench.wire.count("consistency") == before, "nobody was asked"


@kinds
@in_simulated_time
async def test_an_edge_of_the_ledger_is_proof_with_the_head_that_it_led_to(
    certhia_world: World, kind: Protocol
) -> None:
    """No head of that size was signed to us: our hashes at that size, and the log's from there on, are as good."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 1024)
    bench = Bench(certhia_world, log, reading=Reading(patience=0, verify_entries=256, parallel=1))
    async with bench.following():
        await bench.clock.sleep(100)
        size = next(step.end for step in bench.steps if 0 < step.end < 1024)
        log.hooks += [old_head(log.sign(size, root=b"x" * 32)), fail(503, endpoints=PROOFS)]
        log.publish()
        await bench.clock.sleep(100)
    assert len(bench.status.alarms) == 1
    finding = judge(bench.evidence[0])
    assert (finding.verdict, [head.size for head in finding.heads]) == (Verdict.PROOF, [size, 1024])


@kinds
@in_simulated_time
async def test_an_older_head_that_the_ledger_knows_is_not_asked_about(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    bench = Bench(certhia_world, log, NOW, reading=Reading(patience=0))
    async with bench.following():
        for _ in range(3):
            fill(certhia_world, log, 100)
            await bench.clock.sleep(35)
    head = next(one for one in log.heads if one.size == 100)
    after = Bench(certhia_world, log, bench.resumed(), reading=Reading(patience=0))
    after.steps += bench.steps
    log.hooks += [old_head(head), fail(503, endpoints=PROOFS)]
    async with after.following():
        await after.clock.sleep(100)
    assert after.wire.count("consistency|tile/0|by-hash") == 0
    assert after.status.alarms == []


# --- how old they are ---


@kinds
@in_simulated_time
async def test_one_head_from_the_future_makes_no_log_stale(certhia_world: World, kind: Protocol) -> None:
    """Any head that was not seen before shows that the log signs."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=0, poll_rfc6962=600))
    silence = longest_silence(log.model)
    async with bench.following():
        await bench.clock.sleep(600)
        log.hooks.append(time_travel(400 * 86_400, times=1))
        await bench.clock.sleep(600)
        for _ in range(6):
            log.publish()
            await bench.clock.sleep(silence / 2)
        assert bench.status.stale == ""
        await bench.clock.sleep(silence)
        assert bench.status.stale, "from here on it shows no new one"


@kinds
@in_simulated_time
async def test_a_machine_that_slept_takes_no_head_for_one_from_the_future(certhia_world: World, kind: Protocol) -> None:
    """Also where its clock was late and was set right. One that is set back again blames nobody either."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 100)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(100)
        for step in (43_200, -43_200):
            assert isinstance(certhia_world.clock, SimClock)
            certhia_world.clock.step(step)
            for _ in range(10):
                fill(certhia_world, log, 3)
                log.publish()
                await bench.clock.sleep(60)
        assert not [text for text in bench.texts if "into the future" in text]
        log.hooks.append(time_travel(3600))
        await bench.clock.sleep(120)
    assert len([text for text in bench.texts if "into the future" in text]) == 1
