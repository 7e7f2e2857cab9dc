"""Evidence of a broken promise is worth what the log signed, and nothing once anything in it was changed."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from tests.logs.bench import fill, make

from certhia._core import leaf_hash
from certhia.logs.client import Fetched
from certhia.logs.evidence import Evidence, Pledge, SeenHead, Served, Subtree, decode, encode
from certhia.logs.form import BadEvidence
from certhia.logs.judging import Verdict, judge
from certhia.model import Protocol
from certhia.testing import FakeLog, World
from certhia.testing.false_heads import signed

MMD = 60


def told(world: World, kind: str) -> Evidence:
    """A promise that a log of ten entries gave for an eleventh, and what it shows of it: nothing, or another entry."""
    log = make(world, Protocol(kind))
    fill(world, log, 10)
    twin = FakeLog(log.name, log.protocol, world.clock, log.settings)
    fill(world, twin, 10)
    (entry,) = twin.add(world.ca.issue(["www.example.com"]))
    signature = twin.sct(entry)[1 + 32 + 8 + 2 + len(entry.extensions) :]
    fill(world, log, 5)
    leaf, size = entry.leaf_input, len(log.entries)
    late = signed(log, size, log.tree.root(size), entry.timestamp + 1000 * MMD)
    pledge = Pledge(leaf, signature, MMD)
    if kind == "static":
        place = Subtree(0, 10, log.tree.leaf(10), tuple(log.tree.inclusion(10, size)), 0)
        pledge = replace(pledge, other=place)
    else:
        asked = f"hash={quote(b64encode(leaf_hash(leaf)), safe='')}&tree_size={size}"
        url = f"{log.model.monitoring_url}ct/v1/get-proof-by-hash?{asked}"
        pledge = replace(pledge, absent=Served(url, 404, b"no such leaf", 1_795_000_000.0))
    heads = (SeenHead(late.body, 1_795_000_000.0),)
    return Evidence(log.model, 1_795_000_000.0, "broke a promise", heads, pledge=pledge)


@pytest.mark.parametrize("kind, worth", [("rfc6962", Verdict.OBSERVATION), ("static", Verdict.PROOF)])
def test_as_it_was_made(certhia_world: World, kind: str, worth: Verdict) -> None:
    evidence = told(certhia_world, kind)
    finding = judge(decode(encode(evidence)))
    assert finding.verdict is worth, finding
    assert all(check.holds for check in finding.checks)
    assert "not signed" in finding.because or kind == "static"


def changed(evidence: Evidence, **parts: Any) -> Evidence:
    assert evidence.pledge is not None
    return replace(evidence, pledge=replace(evidence.pledge, **parts))


def pledge_of(evidence: Evidence) -> Pledge:
    assert evidence.pledge is not None
    return evidence.pledge


BOTH: list[Callable[[Evidence], Evidence]] = [
    lambda one: changed(one, leaf=pledge_of(one).leaf[:-1] + b"x"),
    lambda one: changed(one, leaf=b""),
    lambda one: changed(one, leaf=b"\0\1" + pledge_of(one).leaf[2:]),
    lambda one: changed(one, leaf=pledge_of(one).leaf + b"x"),
    lambda one: changed(one, signature=b""),
    lambda one: changed(one, other=None, absent=None),
    lambda one: replace(one, heads=()),
    lambda one: replace(one, heads=(replace(one.heads[0], raw=one.heads[0].raw[:-3]),)),
    lambda one: replace(one, log=replace(one.log, id=bytes(32))),
]


@pytest.mark.parametrize("kind", ["rfc6962", "static"])
@pytest.mark.parametrize("number", range(len(BOTH)))
def test_a_part_that_is_wrong_or_missing(certhia_world: World, kind: str, number: int) -> None:
    assert judge(BOTH[number](told(certhia_world, kind))).verdict is Verdict.NOTHING


OBSERVED: list[Callable[[Served], Served]] = [
    lambda one: replace(one, status=200),
    lambda one: replace(one, status=429),
    lambda one: replace(one, status=503),
    lambda one: replace(one, url=one.url.replace("tree_size=1", "tree_size=2")),
    lambda one: replace(one, url=one.url.replace("hash=", "hash=AAAA")),
    lambda one: replace(one, url=one.url.replace("://", "://elsewhere.")),
    lambda one: replace(one, url="[::"),
]


@pytest.mark.parametrize("number", range(len(OBSERVED)))
def test_another_answer_to_another_question(certhia_world: World, number: int) -> None:
    evidence = told(certhia_world, "rfc6962")
    absent = pledge_of(evidence).absent
    assert absent is not None
    assert judge(changed(evidence, absent=OBSERVED[number](absent))).verdict is Verdict.NOTHING


def test_a_log_that_still_has_time(certhia_world: World) -> None:
    assert judge(changed(told(certhia_world, "rfc6962"), mmd=MMD + 1)).verdict is Verdict.NOTHING


PLACES: list[Callable[[Subtree], Subtree]] = [
    lambda one: replace(one, index=11),
    lambda one: replace(one, index=1 << 62),
    lambda one: replace(one, level=1, index=5),
    lambda one: replace(one, root=bytes(32)),
    lambda one: replace(one, path=one.path[1:]),
]


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_no_entry_of_that_place(certhia_world: World, number: int) -> None:
    evidence = told(certhia_world, "static")
    other = pledge_of(evidence).other
    assert other is not None
    assert judge(changed(evidence, other=PLACES[number](other))).verdict is Verdict.NOTHING


def test_the_entry_that_was_promised_is_no_contradiction(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.STATIC)
    fill(certhia_world, log, 10)
    entry = log.entries[7]
    sct = log.sct(entry)[1 + 32 + 8 + 2 + len(entry.extensions) :]
    place = Subtree(0, 7, log.tree.leaf(7), tuple(log.tree.inclusion(7, 10)), 0)
    heads = (SeenHead(log.head.body, 1.0),)
    kept = Evidence(log.model, 1.0, "", heads, pledge=Pledge(entry.leaf_input, sct, 0, place))
    assert judge(kept).verdict is Verdict.NOTHING


def test_entries_as_served_are_looked_at(certhia_world: World) -> None:
    evidence = told(certhia_world, "static")
    log = certhia_world.logs["alpha"]
    tile = b"".join(entry.tile_leaf for entry in log.entries)
    shown = replace(evidence, answers=(Fetched(0, len(log.entries), tile, tile=True),))
    finding = judge(decode(encode(shown)))
    assert finding.checks[-1].what == "entry 10 as served has that leaf hash"
    assert finding.checks[-1].holds
    for body in (b"x", tile[:-1]):
        finding = judge(replace(shown, answers=(replace(shown.answers[0], body=body),)))
        assert not finding.checks[-1].holds
        assert finding.verdict is Verdict.PROOF, "that is what the log signed, whatever it serves"


def test_a_head_that_does_not_reach_so_far(certhia_world: World) -> None:
    evidence = told(certhia_world, "static")
    log = certhia_world.logs["alpha"]
    at = int.from_bytes(pledge_of(evidence).leaf[2:10])
    for late, worth in ((1000 * MMD, Verdict.PROOF), (1000 * MMD - 1, Verdict.NOTHING)):
        short = signed(log, 10, log.tree.root(10), at + late)
        found = changed(replace(evidence, heads=(SeenHead(short.body, 1.0),)), other=None)
        assert judge(found).verdict is worth


def test_no_changed_byte_makes_proof(certhia_world: World) -> None:
    whole = encode(told(certhia_world, "rfc6962"))
    dice = random.Random(5)
    for _ in range(300):
        at = dice.randrange(len(whole))
        data = whole[:at] + bytes([dice.choice(b'AZaz09+/"{}[],:')]) + whole[at + 1 :]
        with suppress(BadEvidence):
            assert judge(decode(data)).verdict is not Verdict.PROOF
