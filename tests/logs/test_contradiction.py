"""Evidence against a log that contradicts itself: what is gathered, and that others can check it."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace

import pytest
from tests.logs.bench import KINDS, Bench, fill, flipped, make

from certhia._core import Edge, Issuers
from certhia.logs import evidence as evidences
from certhia.logs.client import client
from certhia.logs.contradiction import Witness
from certhia.logs.judging import Verdict, judge
from certhia.logs.pace import Paces
from certhia.logs.reading import Reading
from certhia.logs.refusals import REFUSED
from certhia.model import Head, Health, Protocol
from certhia.net import Response
from certhia.store.blocks import Block
from certhia.testing import Fault, Request, World, fail, in_simulated_time, old_head
from certhia.testing.false_heads import signed
from certhia.testing.hostile import flipped_leaf

STATIC = Protocol.STATIC
PROOFS = ("get-sth-consistency", "get-entry-and-proof", "get-proof-by-hash", "tile/0", "tile/1")
kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
@pytest.mark.parametrize("place", [300, 700, 1023])
@in_simulated_time
async def test_the_first_entry_that_differs_is_found(certhia_world: World, kind: Protocol, place: int) -> None:
    """With the answer that has it, as served, and proof that all before it is the log's."""
    log = make(certhia_world, kind)
    log.hooks.append(flipped(certhia_world, log, 1024, place, max(place, 1000)))
    bench = await Bench(certhia_world, log, reading=Reading(verify_entries=256, parallel=1)).follow(100)
    (found,) = bench.evidence
    assert found.agreed is not None
    assert found.agreed.size == place
    assert Edge(place, found.agreed.edge).root() == log.tree.root(place)
    (answer,) = found.answers
    assert answer.start <= place < answer.end
    finding = judge(found)
    assert finding.verdict is Verdict.OBSERVATION
    entry = "entry 1023 is" if place == 1023 else f"what is served from entry {place} on is"
    assert finding.because.startswith(f"{entry} not what the log signed")
    assert all(check.holds for check in finding.checks)
    assert judge(evidences.decode(evidences.encode(found))) == finding


@kinds
@in_simulated_time
async def test_another_tree_is_shown_by_the_logs_own_hashes(certhia_world: World, kind: Protocol) -> None:
    """Entries that belong to another tree than the last proven head: the log's hashes make that proof."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    before = await Bench(certhia_world, log).follow(100)
    other = make(World(certhia_world.clock), kind, log.name)
    fill(certhia_world, other, 280, timestamp=1)
    fill(certhia_world, other, 320)
    log.hooks.append(lambda request: other.serve(replace(request, log=other)))
    bench = await Bench(certhia_world, log, before.resumed(), reading=Reading(patience=0)).follow(200)
    (found,) = bench.evidence
    assert found.shown is not None
    assert found.shown.size == 300
    finding = judge(evidences.decode(evidences.encode(found)))
    assert finding.verdict is Verdict.PROOF
    assert finding.because.startswith("the tree of 600 entries that the log signed begins with 300 others")


@kinds
@in_simulated_time
async def test_a_log_that_answers_nothing_more_costs_no_evidence(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    log.hooks.append(flipped(certhia_world, log, 1000, 700))
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    outage = fail(500, endpoints=PROOFS)
    async with bench.following():
        await bench.clock.sleep(5)
        log.hooks.append(outage)
        await bench.clock.sleep(300)
    (found,) = bench.evidence
    assert found.agreed is None or found.agreed.size == 0
    assert found.leaves
    assert judge(found).verdict is Verdict.OBSERVATION


@pytest.mark.parametrize("restarted", [False, True])
@in_simulated_time
async def test_the_verified_position_has_its_proof_at_hand(certhia_world: World, restarted: bool) -> None:
    """What led to it stands in the last step: a log that refuses proofs at the freeze makes no evidence worthless."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 1000)
    log.hooks.append(flipped_leaf(700))
    refused: list[str] = []

    def refuse(request: Request) -> Response | None:
        """Nothing of what it signed is proven, once it was found for the second time that entries differ."""
        if bench.status.mismatches < 2 or int(request.query["first"]) > 512:
            return None
        refused.append(request.query["first"])
        return Response(503, b"busy", {})

    reading = Reading(patience=0, verify_entries=256, parallel=1)
    bench = Bench(certhia_world, log, reading=reading)
    if restarted:
        async with bench.following():
            while bench.status.verified < 512:
                await bench.clock.sleep(0.01)
        before = bench
        bench = Bench(certhia_world, log, before.resumed(), reading=reading)
        bench.steps += before.steps
    log.hooks.append(Fault(refuse, frozenset({"get-sth-consistency"})))
    await bench.follow(300)
    (found,) = bench.evidence
    assert refused, "it was asked how far its entries are its own"
    finding = judge(evidences.decode(evidences.encode(found)))
    assert [check.what for check in finding.checks if not check.holds] == []
    assert finding.verdict is Verdict.OBSERVATION
    assert found.verified is not None
    assert found.verified.kind == "consistency"


# --- older heads ---


@kinds
@in_simulated_time
async def test_an_older_head_with_proofs_that_never_hold_is_an_alarm_and_no_freeze(
    certhia_world: World, kind: Protocol
) -> None:
    """Who can't show that it is a prefix has not shown that it is none: told after a quarter of an hour, with both."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log)
    lie = Fault(_wrong_hashes, frozenset({"get-sth-consistency", "tile/0"}))
    async with bench.following():
        await bench.clock.sleep(100)
        early = log.sign(200)
        log.publish()
        log.hooks = [lie, old_head(early, every=2)]
        await bench.clock.sleep(REFUSED - 100)
        assert bench.status.alarms == []
        await bench.clock.sleep(300)
        (alarm,) = bench.status.alarms
        assert alarm.startswith("shows a head of 200 entries (root ")
        assert bench.status.health is not Health.FROZEN
        finding = judge(bench.kept[0])
        assert (finding.verdict, len(finding.heads)) == (Verdict.OBSERVATION, 2)
        log.hooks.remove(lie)
        await bench.clock.sleep(100)
        assert bench.status.alarms == []
    assert bench.evidence == []
    bench.check()


def _wrong_hashes(request: Request) -> Response:
    answer = request.log.serve(request)
    if request.log.protocol is STATIC:
        return replace(answer, body=b"x" * len(answer.body))
    proof = [b64encode(b"x" * 32).decode()] * len(json.loads(answer.body)["consistency"])
    return replace(answer, body=json.dumps({"consistency": proof}).encode())


@kinds
@in_simulated_time
async def test_an_older_head_whose_first_proof_was_wrong_is_no_alarm(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(100)
        early = log.sign(200)
        log.publish()
        log.hooks = [Fault(_wrong_hashes, frozenset({"get-sth-consistency", "tile/0"}), 1), old_head(early, times=2)]
        await bench.clock.sleep(100)
    assert bench.status.alarms == []
    assert bench.evidence == []
    bench.check()


# --- blocks of a backfill ---


async def block_of(world: World, kind: Protocol, place: int) -> tuple[Witness, Block, bytes]:
    """A block of entries 256 to 511, with another entry at `place`, as a backfill read it."""
    log = make(world, kind)
    fill(world, log, 600)
    reader = client(log.model, world.transport(latency=0.01), Paces(world.clock), Issuers(), world.clock)
    leaves = b"".join(b"w" * 32 if at == place else log.tree.leaf(at) for at in range(256, 512))
    edge, head = Edge(), await reader.head()
    edge.append(leaves)
    path = await reader.siblings(8, 1, log.tree.leaf(256), head)
    return Witness(reader, world.clock), Block(log.id, 8, 1, edge.root(), path, head, 0, 0.0), leaves


@kinds
@in_simulated_time
async def test_a_block_that_was_never_signed(certhia_world: World, kind: Protocol) -> None:
    witness, block, leaves = await block_of(certhia_world, kind, 300)
    found = await witness.of_block("read for a backfill", block, leaves)
    assert found.agreed is not None
    assert found.agreed.size == 300
    finding = judge(evidences.decode(evidences.encode(found)))
    assert finding.verdict is Verdict.OBSERVATION
    assert finding.because.startswith("what is served from entry 300 on is not what the log signed")


@kinds
@in_simulated_time
async def test_a_block_of_a_log_that_proves_nothing_more(certhia_world: World, kind: Protocol) -> None:
    """Its own hashes for the block, which don't lead to its head, are all there is."""
    witness, block, leaves = await block_of(certhia_world, kind, 300)
    certhia_world.logs["alpha"].hooks.append(fail(500))
    found = await witness.of_block("read for a backfill", block, leaves)
    assert found.block is not None
    finding = judge(evidences.decode(evidences.encode(found)))
    assert finding.verdict is Verdict.OBSERVATION
    assert finding.because.startswith("entries 256 to 511 as served, and the log's own hashes beside them")
    for other in (
        replace(found, leaves=leaves[:-32]),
        replace(found, leaves=leaves[:-1] + b"x"),
        replace(found, heads=()),
    ):
        assert judge(other).verdict is Verdict.NOTHING
    true = replace(found.block, root=certhia_world.logs["alpha"].tree.node(8, 1))
    honest = b"".join(certhia_world.logs["alpha"].tree.leaf(at) for at in range(256, 512))
    assert judge(replace(found, block=true, leaves=honest)).verdict is Verdict.NOTHING


@kinds
@in_simulated_time
async def test_two_heads_of_which_one_is_not_the_beginning_of_the_other(certhia_world: World, kind: Protocol) -> None:
    witness, block, _ = await block_of(certhia_world, kind, 300)
    lie = signed(certhia_world.logs["alpha"], 512, b"x" * 32, block.head.timestamp)
    found = await witness.of_two("two trees", Head(512, b"x" * 32, lie.timestamp, lie.body), block.head)
    assert judge(evidences.decode(evidences.encode(found))).verdict is Verdict.PROOF


@kinds
@in_simulated_time
async def test_a_block_is_another_one_by_the_logs_own_hashes(certhia_world: World, kind: Protocol) -> None:
    """Also where its last entry is the one that differs. A log that proves nothing of its own tree shows nothing."""
    witness, block, _ = await block_of(certhia_world, kind, 300)
    log = certhia_world.logs["alpha"]
    assert await witness.other_block(block)
    log.hooks.append(flipped_leaf(511))
    assert await witness.other_block(block)
    log.hooks = [Fault(_wrong_hashes, frozenset({"get-sth-consistency", "tile/0"}))]
    assert not await witness.other_block(block)
    log.hooks = [fail(500)]
    assert not await witness.other_block(block)
    log.hooks = []
    assert not await witness.other_block(replace(block, root=log.tree.node(8, 1)))
