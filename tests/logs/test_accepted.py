"""What a human accepted is what the evidence names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.logs.bench import KINDS, Bench, fill, flipped, make

from certhia._core import Edge
from certhia.logs.accepted import KEPT, Accepted, decode
from certhia.logs.evidence import Evidence, Prefix, SeenHead
from certhia.logs.heads import read_checkpoint
from certhia.logs.judging import Verdict, judge
from certhia.logs.reading import Reading
from certhia.model import Head, Health, Protocol
from certhia.net import Response
from certhia.testing import FakeLog, Fault, World, in_simulated_time
from certhia.testing.false_heads import HEADS, signed
from certhia.testing.hostile import flipped_leaf

kinds = pytest.mark.parametrize("kind", KINDS)


def evidence(log: FakeLog, *trees: tuple[int, bytes], **parts: Prefix) -> Evidence:
    heads = tuple(SeenHead(signed(log, size, root, 1_795_000_000_000).body, 1.0) for size, root in trees)
    return Evidence(log.model, 1.0, "reason", heads, **parts)  # type: ignore[arg-type]


def head(log: FakeLog, size: int, root: bytes) -> Head:
    return read_checkpoint(log.model, signed(log, size, root, 1_795_000_000_001).body)


def test_the_trees_of_its_heads_and_no_others(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.STATIC)
    fill(certhia_world, log, 10)
    one, other = b"x" * 32, b"y" * 32
    found = Accepted().and_also(evidence(log, (5, one), (5, other)))
    assert found.covers(head(log, 5, one), head(log, 5, other)), "whenever they were signed"
    assert not found.covers(head(log, 5, one), head(log, 5, b"z" * 32))
    assert not found.covers(head(log, 6, one))
    assert found.served is None
    assert decode(found.encode()) == found


def test_hashes_that_were_shown_name_a_tree_too(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.STATIC)
    fill(certhia_world, log, 10)
    edge = Edge()
    edge.append(b"e" * 32)
    found = Accepted().and_also(evidence(log, (1, b"x" * 32), (10, b"y" * 32), shown=Prefix(1, edge.hashes, 1)))
    assert found.covers(head(log, 1, edge.root()))
    read = Prefix(1, edge.hashes, 1)
    assert Accepted().and_also(evidence(log, (1, b"x" * 32), verified=read, read=read)).served == (1, edge.root())


def test_heads_that_nobody_signed_name_nothing(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.STATIC)
    unsigned = (SeenHead(b"no head", 1.0), SeenHead(b"{}", 1.0))
    assert Accepted().and_also(Evidence(log.model, 1.0, "reason", unsigned)) == Accepted()


def test_the_last_ones_are_kept(certhia_world: World) -> None:
    log, found = make(certhia_world, Protocol.STATIC), Accepted()
    for size in range(KEPT + 5):
        found = found.and_also(evidence(log, (size, b"x" * 32)))
    assert [size for size, _ in found.trees] == list(range(5, KEPT + 5))


# --- in a follower ---


def alternates(log: FakeLog, *roots: bytes) -> Fault:
    """Heads of the log's size, each time another of these roots."""
    count = [0]
    size, timestamp = log.head.size, log.head.timestamp

    def answer(_: object) -> Response:
        count[0] += 1
        return Response(200, signed(log, size, roots[count[0] % len(roots)], timestamp).body, {})

    return Fault(answer, HEADS)


async def frozen_by_two_heads(world: World, log: FakeLog) -> Bench:
    fill(world, log, 300)
    bench = Bench(world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(100)
        log.hooks.append(alternates(log, log.tree.root(300), b"x" * 32))
        await bench.clock.sleep(100)
    assert bench.health() is Health.FROZEN
    return bench


@kinds
@in_simulated_time
async def test_two_heads_that_were_accepted_are_accepted_and_a_third_is_not(
    certhia_world: World, kind: Protocol
) -> None:
    log = make(certhia_world, kind)
    before = await frozen_by_two_heads(certhia_world, log)
    after = Bench(certhia_world, log, before.accepted(), reading=Reading(patience=0))
    async with after.following():
        await after.clock.sleep(3600)
        assert after.health() is not Health.FROZEN
        assert [text for level, text in after.notices if level != "debug" and "two heads" in text] == []
        log.hooks = [alternates(log, log.tree.root(300), b"y" * 32)]
        await after.clock.sleep(100)
        assert after.health() is Health.FROZEN
    (found,) = after.evidence
    assert judge(found).verdict is Verdict.PROOF
    assert {head.root for head in judge(found).heads} & {b"y" * 32}


@kinds
@in_simulated_time
async def test_an_accepted_observation_says_nothing_of_two_heads(certhia_world: World, kind: Protocol) -> None:
    """While the log stands still, too: nothing is proven then, and all the same nothing passes."""
    log = make(certhia_world, kind)
    log.hooks.append(flipped(certhia_world, log, 1024, 700))
    before = Bench(certhia_world, log, reading=Reading(verify_entries=256, parallel=1))
    await before.follow(300)
    assert before.health() is Health.FROZEN
    log.hooks = [alternates(log, log.tree.root(1024), b"x" * 32)]
    after = Bench(certhia_world, log, before.accepted(), reading=Reading(patience=0))
    await after.follow(300)
    assert after.health() is Health.FROZEN
    assert judge(after.evidence[0]).verdict is Verdict.PROOF


@kinds
@in_simulated_time
async def test_accepted_heads_say_nothing_of_entries(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    before = await frozen_by_two_heads(certhia_world, log)
    log.hooks = [flipped_leaf(350)]
    fill(certhia_world, log, 300)
    after = Bench(certhia_world, log, before.accepted(), reading=Reading(patience=0))
    await after.follow(300)
    assert after.health() is Health.FROZEN
    assert all(step.note == "" for step in after.steps)


@kinds
@in_simulated_time
async def test_a_third_tree_is_not_gone_on_in(certhia_world: World, kind: Protocol) -> None:
    """Accepted was a tree with x for its first 300 entries; what comes is neither that nor ours."""
    log = make(certhia_world, kind)
    before = await frozen_by_two_heads(certhia_world, log)
    other = make(World(certhia_world.clock), kind, log.name)
    fill(certhia_world, other, 280, timestamp=1)
    fill(certhia_world, other, 320)
    log.hooks = [lambda request: other.serve(replace(request, log=other))]
    after = Bench(certhia_world, log, before.accepted(), reading=Reading(patience=0))
    await after.follow(300)
    assert after.health() is Health.FROZEN
    (found,) = after.evidence
    assert judge(found).verdict is Verdict.PROOF


@kinds
@in_simulated_time
async def test_another_entry_than_the_one_that_was_accepted(certhia_world: World, kind: Protocol) -> None:
    """The log serves the accepted one rightly now, and another one wrongly: that is something new."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 100)
    before = Bench(certhia_world, log, reading=Reading(patience=0))
    async with before.following():
        await before.clock.sleep(100)
        fill(certhia_world, log, 300)
        log.hooks = [flipped_leaf(210)]
        await before.clock.sleep(300)
    assert before.health() is Health.FROZEN
    log.hooks = [flipped_leaf(215)]
    after = Bench(certhia_world, log, before.accepted(), reading=Reading(patience=0))
    await after.follow(300)
    assert after.health() is Health.FROZEN
    assert all(step.note == "" for step in after.steps)
    (found,) = after.evidence
    assert found.agreed is not None
    assert found.agreed.size == 215


@kinds
@in_simulated_time
async def test_an_entry_behind_those_that_were_accepted(certhia_world: World, kind: Protocol) -> None:
    """What was accepted is skipped, to the entry; what is served wrongly behind it freezes the log again."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 100)
    before = Bench(certhia_world, log, reading=Reading(patience=0))
    async with before.following():
        await before.clock.sleep(100)
        fill(certhia_world, log, 300)
        log.hooks = [flipped_leaf(210)]
        await before.clock.sleep(300)
    fill(certhia_world, log, 200)
    log.hooks.append(flipped_leaf(450))
    after = Bench(certhia_world, log, before.accepted(), reading=Reading(patience=0))
    await after.follow(600)
    (skipped, *_) = after.steps
    assert (skipped.start, skipped.end, skipped.note) == (100, 400, before.freezes[0].note)
    assert after.health() is Health.FROZEN
    assert 400 <= after.status.verified <= 450
