"""Nothing is trusted that does not lead to a signed root."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from tests.logs.bench import KINDS, Bench, fill, flipped, make

from certhia._core import Edge, verify_consistency
from certhia.logs.judging import Verdict, judge
from certhia.logs.reading import Origin, Reading
from certhia.model import Health, Protocol, Step
from certhia.quantity import Point
from certhia.testing import RawEntry, World, fail, in_simulated_time
from certhia.testing.false_heads import split_view
from certhia.testing.hostile import flipped_leaf

RFC6962, STATIC = Protocol.RFC6962, Protocol.STATIC
NOW = Origin(Point("now"))
PROOFS = ("get-entry-and-proof", "get-proof-by-hash", "get-sth-consistency")
kinds = pytest.mark.parametrize("kind", KINDS)


def holds(step: Step) -> bool:
    """Whether the step's own proof leads from its edge to its head."""
    edge = Edge(step.end, step.edge)
    if step.proof_kind == "nodes":
        edge.append_nodes(step.proof, step.head.size)
    elif step.proof_kind == "consistency":
        return step.end == 0 or verify_consistency(
            step.end, edge.root(), step.head.size, step.head.root, list(step.proof)
        )
    return edge.root() == step.head.root


# --- entries that the log did not sign ---


@kinds
@in_simulated_time
async def test_a_flipped_leaf_is_read_again(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    log.hooks.append(flipped(certhia_world, log, 1024, 700, times=1))
    bench = await Bench(certhia_world, log).follow(100)
    bench.check()
    assert bench.rewinds == 1
    assert len(bench.texts) == 1
    assert bench.texts[0].endswith("reads again from 0")
    assert bench.status.alarms == []
    assert bench.status.entries == 1024, "what was read again counts once"
    assert bench.status.health is Health.HEALTHY


@kinds
@in_simulated_time
async def test_a_leaf_that_stays_flipped_freezes_the_log_before_it(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fault = flipped(certhia_world, log, 1024, 700)
    log.hooks.append(fault)
    bench = Bench(certhia_world, log, reading=Reading(verify_entries=256, parallel=1))
    async with bench.following():
        await bench.clock.sleep(1000)
        assert bench.status.verified <= 700
        assert bench.status.verified >= 256, "what came before it is proven on the way"
        assert bench.health() is Health.FROZEN
        assert len(bench.status.alarms) == 1
        at = bench.status.verified
        told = f"frozen at {at}: differs from its signed head even when read again from {at}: "
        assert bench.status.alarms[0].startswith(told)
        assert [level for level, _ in bench.notices].count("error") == 1
        assert all(holds(step) for step in bench.steps)
        assert bench.status.position == 1024, "reading goes on"
        assert bench.status.failures == 0
        log.hooks.remove(fault)
        fill(certhia_world, log, 100)
        await bench.clock.sleep(3600)
        assert bench.status.verified == at, "also once the log serves what it signed"
        assert not bench.arrivals[-1].verified
    after = Bench(certhia_world, log, bench.resumed(), reading=Reading(patience=0))
    async with after.following():
        await after.clock.sleep(1000)
        assert (after.status.verified, after.steps) == (at, []), "over a restart"
        assert after.status.alarms == bench.status.alarms
    assert after.read() == list(range(at, 1124))


@kinds
@in_simulated_time
async def test_two_trees_are_found_also_where_no_two_heads_have_one_size(certhia_world: World, kind: Protocol) -> None:
    """A false head between two true ones: what is read again leads to the later one, in which the false one is not."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=0, poll_static=30))
    async with bench.following():
        await bench.clock.sleep(100)
        fill(certhia_world, log, 100)
        log.hooks.append(split_view(every=1, times=1))
        await bench.clock.sleep(31)
        fill(certhia_world, log, 100)
        await bench.clock.sleep(100)
    assert bench.health() is Health.FROZEN
    (found,) = bench.evidence
    finding = judge(found)
    assert (finding.verdict, [head.size for head in finding.heads]) == (Verdict.PROOF, [400, 500])
    assert bench.status.position == 500


@kinds
@in_simulated_time
async def test_an_accepted_log_that_is_whole_again_is_verified_from_where_it_stood(
    certhia_world: World, kind: Protocol
) -> None:
    log = make(certhia_world, kind)
    log.hooks.append(fault := flipped(certhia_world, log, 1024, 700))
    before = Bench(certhia_world, log, reading=Reading(verify_entries=256, parallel=1))
    await before.follow(300)
    log.hooks.remove(fault)
    after = Bench(certhia_world, log, before.accepted())
    await after.follow(300)
    assert after.status.alarms == []
    assert after.status.verified == 1024
    assert [step.note for step in after.steps] == [""] * len(after.steps)
    assert after.read() == list(range(before.status.verified, 1024))


@kinds
@in_simulated_time
async def test_an_accepted_log_that_stays_as_it_is_goes_on_behind_what_was_read(
    certhia_world: World, kind: Protocol
) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 1024)
    log.hooks.append(flipped_leaf(700))
    before = Bench(certhia_world, log, reading=Reading(verify_entries=256, parallel=1))
    await before.follow(300)
    at = before.status.verified
    after = Bench(certhia_world, log, before.accepted(), reading=Reading(patience=0))
    async with after.following():
        await after.clock.sleep(1000)
        skipped = after.steps[0]
        assert (skipped.start, skipped.note) == (at, before.freezes[0].note)
        assert at < skipped.end <= 1024
        fill(certhia_world, log, 100)
        await after.clock.sleep(1000)
        assert after.status.verified == 1124
        assert after.health() is not Health.FROZEN
    assert all(holds(step) for step in after.steps)
    assert after.read() == list(range(at, 1124)), "told all the same"


@kinds
@in_simulated_time
async def test_an_accepted_log_goes_on_in_its_present_tree(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    first = await Bench(certhia_world, log).follow(100)
    other = make(World(certhia_world.clock), kind, log.name)
    fill(certhia_world, other, 280, timestamp=1)
    fill(certhia_world, other, 320)
    log.hooks.append(lambda request: other.serve(replace(request, log=other)))
    second = await Bench(certhia_world, log, first.resumed(), reading=Reading(patience=0)).follow(300)
    assert second.health() is Health.FROZEN
    second.steps = first.steps
    third = Bench(certhia_world, log, second.accepted(), reading=Reading(patience=0))
    await third.follow(300)
    anchor = third.steps[0]
    assert (anchor.start, anchor.end, anchor.note) == (300, 300, second.freezes[0].note)
    assert Edge(300, anchor.edge).root() == other.tree.root(300)
    assert third.status.verified == 600
    assert all(holds(step) for step in third.steps)
    assert third.read() == list(range(300, 600))
    assert third.status.alarms == []


@kinds
@in_simulated_time
async def test_a_log_that_shows_two_heads_goes_on_by_one_of_them_when_accepted(
    certhia_world: World, kind: Protocol
) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    before = Bench(certhia_world, log)
    async with before.following():
        await before.clock.sleep(100)
        log.sign(300, root=b"x" * 32)
        await before.clock.sleep(100)
    assert before.health() is Health.FROZEN
    after = Bench(certhia_world, log, before.accepted(), reading=Reading(patience=0))
    async with after.following():
        await after.clock.sleep(100)
        assert after.status.alarms == []
        fill(certhia_world, log, 300)
        await after.clock.sleep(100)
    assert after.status.verified == 600
    assert after.health() is Health.HEALTHY


@kinds
@in_simulated_time
async def test_a_head_over_another_tree_is_never_believed(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 512)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(100)
        log.tree.extend([b"e" * 32] * 256)  # leaves of no entries
        log.sign(768)
        await bench.clock.sleep(300)
        assert bench.status.verified == 512
        assert all(step.head.size <= 512 for step in bench.steps)


# --- on the way ---


@kinds
@in_simulated_time
async def test_a_backlog_is_proven_on_the_way(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 3000)
    reading = Reading(verify_entries=512, patience=0)
    bench = Bench(certhia_world, log, reading=reading, latency=0.05)
    await bench.follow(200)
    bench.check()
    ends = [step.end for step in bench.steps]
    assert len(ends) >= 5
    assert max(later - at for at, later in pairwise(ends)) <= 512 + 256
    assert all(holds(step) for step in bench.steps)
    kind_on_the_way = "nodes" if kind is STATIC else "consistency"
    assert {step.proof_kind for step in bench.steps[1:-1]} == {kind_on_the_way}
    assert bench.steps[-1].proof_kind == ""


@kinds
@in_simulated_time
async def test_a_slow_backlog_is_proven_by_time(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 3000)
    bench = Bench(certhia_world, log, reading=Reading(verify_seconds=60, parallel=1, patience=0), latency=15)
    async with bench.following():
        await bench.clock.sleep(900)
    moments = [step.at for step in bench.steps]
    assert len(moments) >= 4
    assert max(later - at for at, later in pairwise(moments)) <= 120


@kinds
@in_simulated_time
async def test_reading_goes_on_without_a_proof_on_the_way(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 2048)
    bench = Bench(certhia_world, log, reading=Reading(verify_entries=256))
    async with bench.following():
        await bench.clock.sleep(0.2)
        outage = fail(500, endpoints=("get-sth-consistency", "tile/0", "tile/1"))
        log.hooks.append(outage)
        await bench.clock.sleep(5)
        assert bench.status.position == 2048
        log.hooks.remove(outage)
        await bench.clock.sleep(120)
    bench.check()
    assert bench.rewinds == 0


@in_simulated_time
async def test_a_head_that_fails_on_the_way_costs_nothing(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 4000)
    bench = Bench(certhia_world, log, reading=Reading(verify_entries=128, poll_rfc6962=1, parallel=1), latency=0.2)
    async with bench.following():
        await bench.clock.sleep(1)
        log.hooks.append(fail(500, endpoints=("get-sth",)))
        await bench.clock.sleep(8)
        assert bench.status.position > 1000
        assert bench.status.failures == 0
    asked = [url for url in bench.wire.asked if "get-entries" in url]
    assert len(asked) == len(set(asked)), "nothing was asked for twice"


# --- logs that give no proof ---


@in_simulated_time
async def test_a_log_without_proofs_is_followed_unverified_then_read_again(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 300)
    dumb = fail(404, endpoints=PROOFS)
    log.hooks.append(dumb)
    bench = Bench(certhia_world, log, NOW)
    async with bench.following():
        await bench.clock.sleep(200)
        fill(certhia_world, log, 100)
        await bench.clock.sleep(60)
        assert bench.read() == list(range(300, 400))
        assert not bench.arrivals[-1].verified
        provable = bench.status.provable
        assert bench.steps == []
        log.hooks.remove(dumb)
        fill(certhia_world, log, 50)
        await bench.clock.sleep(60)
    bench.check(start=300)
    assert bench.rewinds == 1
    assert (provable, bench.status.provable) == (False, True)
    assert [text.split(":")[0] for text in bench.texts] == [
        "gives no proof of its tree at 300",
        "can be verified now",
    ]


@in_simulated_time
async def test_where_it_began_is_kept_in_mind_while_there_is_no_proof(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 300)
    log.hooks.append(fail(404, endpoints=PROOFS))
    bench = Bench(certhia_world, log, NOW)
    async with bench.following():
        await bench.clock.sleep(200)
        fill(certhia_world, log, 100)
        await bench.clock.sleep(60)
    assert bench.status.start == 300
    assert bench.unproven == [300]


@in_simulated_time
async def test_proofs_are_not_needed_from_the_beginning_of_an_rfc6962_log(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 300)
    log.hooks.append(fail(404, endpoints=PROOFS))
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(40)
        fill(certhia_world, log, 300)
        await bench.clock.sleep(60)
    bench.check()


@in_simulated_time
async def test_get_proof_by_hash_will_do(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fill(certhia_world, log, 300)
    log.hooks.append(fail(404, endpoints=("get-entry-and-proof",)))
    bench = Bench(certhia_world, log, NOW)
    async with bench.following():
        await bench.clock.sleep(40)
        fill(certhia_world, log, 300)
        await bench.clock.sleep(60)
    bench.check(start=300)


@kinds
@in_simulated_time
async def test_an_anchor_that_contradicts_its_head_is_no_anchor(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    log.sign(300, root=b"x" * 32)
    bench = Bench(certhia_world, log, NOW)
    async with bench.following():
        await bench.clock.sleep(400)
        assert bench.steps == []
        assert bench.status.position == 0
        assert bench.health() is Health.FAILED
        fill(certhia_world, log, 10)
        await bench.clock.sleep(700)
    bench.check(start=310)


# --- what can't be decoded ---


@in_simulated_time
async def test_quarantined_entries_are_counted_in_the_step_that_proves_them(certhia_world: World) -> None:
    log = make(certhia_world, RFC6962)
    fault = flipped(certhia_world, log, 512, 300, times=1)
    log.add(*(RawEntry(b"\0\7" + bytes([n]) * 30) for n in range(3)))
    log.publish()
    log.hooks.append(fault)
    bench = await Bench(certhia_world, log).follow(100)
    bench.check()
    assert sum(step.quarantined for step in bench.steps) == 3
    assert bench.status.quarantined == 3
