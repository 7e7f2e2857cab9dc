"""Evidence is worth what its signatures and hashes are worth, and nothing once anything in it was changed."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from tests.logs.bench import Bench, fill, flipped, make

from certhia._core import cover
from certhia.logs.evidence import Evidence, Prefix, SeenHead, decode, encode
from certhia.logs.form import BadEvidence
from certhia.logs.judging import Verdict, judge
from certhia.logs.reading import Reading
from certhia.model import Protocol
from certhia.testing import FakeLog, World, in_simulated_time
from certhia.testing.false_heads import signed

KINDS = (Protocol.RFC6962, Protocol.STATIC)
kinds = pytest.mark.parametrize("kind", KINDS)


def prefix(log: FakeLog, size: int, end: int, head: int) -> Prefix:
    """The log's own hashes, from its first `size` entries to `end`."""
    nodes = {part: tuple(log.tree.node(*place) for place in cover(*part)) for part in ((0, size), (size, end))}
    return Prefix(size, b"".join(nodes[0, size]), head, "nodes", nodes[size, end])


def heads(log: FakeLog, *shown: tuple[int, bytes]) -> tuple[SeenHead, ...]:
    """Heads of these sizes and roots, whatever they say, signed by the log."""
    return tuple(
        SeenHead(signed(log, size, root, 1_795_000_000_000 + number).body, 1_795_000_000.0)
        for number, (size, root) in enumerate(shown)
    )


@pytest.fixture(params=KINDS, ids=str)
def log(request: pytest.FixtureRequest, certhia_world: World) -> FakeLog:
    """A log of 300 entries."""
    made = make(certhia_world, request.param)
    fill(certhia_world, made, 300)
    return made


def made(log: FakeLog, *shown: tuple[int, bytes], **parts: Any) -> Evidence:
    return Evidence(log.model, 1_795_000_000.0, "reason", heads(log, *shown), **parts)


def test_two_roots_of_one_size_are_proof(log: FakeLog) -> None:
    finding = judge(made(log, (300, log.tree.root(300)), (300, b"x" * 32)))
    assert finding.verdict is Verdict.PROOF
    assert finding.because == "the log signed two different trees of 300 entries"
    assert [head.size for head in finding.heads] == [300, 300]


def test_a_tree_that_begins_otherwise_is_proof(log: FakeLog) -> None:
    finding = judge(made(log, (100, b"x" * 32), (300, log.tree.root(300)), shown=prefix(log, 100, 300, 1)))
    assert finding.verdict is Verdict.PROOF
    assert finding.because.startswith("the tree of 300 entries that the log signed begins with 100 others (root ")


def test_a_tree_that_begins_so_contradicts_nothing(log: FakeLog) -> None:
    grown = made(log, (100, log.tree.root(100)), (300, log.tree.root(300)), shown=prefix(log, 100, 300, 1))
    assert judge(grown).verdict is Verdict.NOTHING
    again = made(log, (300, log.tree.root(300)), (300, log.tree.root(300)))
    assert judge(again).verdict is Verdict.NOTHING
    assert judge(made(log)).verdict is Verdict.NOTHING


def test_hashes_that_do_not_lead_to_the_head_show_nothing(log: FakeLog) -> None:
    shown = prefix(log, 100, 300, 1)
    wrong = replace(shown, proof=(b"y" * 32, *shown.proof[1:]))
    parts = (100, b"x" * 32), (300, log.tree.root(300))
    for one in (wrong, replace(shown, proof=()), replace(shown, kind=""), replace(shown, head=0)):
        finding = judge(made(log, *parts, shown=one))
        assert finding.verdict is Verdict.NOTHING
        assert not all(check.holds for check in finding.checks)


def test_two_heads_without_any_hashes_are_an_observation(log: FakeLog) -> None:
    finding = judge(made(log, (100, b"x" * 32), (300, log.tree.root(300))))
    assert finding.verdict is Verdict.OBSERVATION


def test_heads_of_another_key_prove_nothing(log: FakeLog, certhia_world: World) -> None:
    other = make(certhia_world, log.protocol, "other")
    shown = ((300, log.tree.root(300)), (300, b"x" * 32))
    foreign = replace(made(log, *shown), heads=heads(other, *shown))
    assert judge(foreign).verdict is Verdict.NOTHING
    half = replace(made(log, *shown), heads=heads(log, shown[0]) + heads(other, shown[1]))
    assert judge(half).verdict is Verdict.NOTHING
    renamed = made(log, *shown)
    renamed = replace(renamed, log=replace(renamed.log, id=b"i" * 32))
    assert judge(renamed).verdict is Verdict.NOTHING
    nonsense = replace(made(log, *shown), log=replace(log.model, key=b"no key"))
    assert judge(nonsense).verdict is Verdict.NOTHING


async def observed(world: World, kind: Protocol) -> Evidence:
    log = make(world, kind)
    log.hooks.append(flipped(world, log, 512, 400))
    bench = await Bench(world, log, reading=Reading(verify_entries=128, parallel=1)).follow(100)
    (found,) = bench.evidence
    return found


CHANGES: list[Callable[[Evidence], Evidence]] = [
    lambda one: replace(one, leaves=b"x" + one.leaves[1:]),
    lambda one: replace(one, leaves=one.leaves[:-32]),
    lambda one: replace(one, verified=None),
    lambda one: replace(one, read=replace(one.read, edge=b"x" + one.read.edge[1:])) if one.read else one,
    lambda one: replace(one, agreed=replace(one.agreed, edge=b"x" + one.agreed.edge[1:])) if one.agreed else one,
    lambda one: replace(one, answers=tuple(replace(a, body=a.body[:-9]) for a in one.answers)),
    lambda one: replace(one, answers=tuple(replace(a, start=a.start + 1) for a in one.answers)),
    lambda one: replace(one, log=replace(one.log, key=one.log.key[:-1] + b"x")),
]


@kinds
@in_simulated_time
async def test_an_observation_says_what_it_lacks(certhia_world: World, kind: Protocol) -> None:
    found = await observed(certhia_world, kind)
    assert judge(found).lacks == ()
    for less, lacked in (
        (replace(found, answers=()), ["the entry that differs, as served"]),
        (
            replace(found, answers=(), agreed=None),
            ["how far the log's own hashes prove its entries", "the entry that differs, as served"],
        ),
    ):
        finding = judge(less)
        assert finding.verdict is Verdict.OBSERVATION
        assert list(finding.lacks) == lacked


@kinds
@pytest.mark.parametrize("number", range(len(CHANGES)))
@in_simulated_time
async def test_an_observation_that_was_changed_shows_nothing(certhia_world: World, kind: Protocol, number: int) -> None:
    found = await observed(certhia_world, kind)
    assert judge(found).verdict is Verdict.OBSERVATION
    assert judge(CHANGES[number](found)).verdict is Verdict.NOTHING


@kinds
@in_simulated_time
async def test_no_changed_byte_makes_proof(certhia_world: World, kind: Protocol) -> None:
    """However an observation is changed, it never becomes a proof, and never an exception."""
    whole = encode(await observed(certhia_world, kind))
    dice = random.Random(7)
    for _ in range(300):
        at = dice.randrange(len(whole))
        data = whole[:at] + bytes([dice.choice(b'AZaz09+/"{}[],:')]) + whole[at + 1 :]
        with suppress(BadEvidence):
            assert judge(decode(data)).verdict is not Verdict.PROOF
