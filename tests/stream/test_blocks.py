"""From pages to blocks: each thing is made once, and everybody gets what is theirs."""

from __future__ import annotations

import json

import pytest
from tests.stream.rig import arrival
from tests.stream.test_client import messages

from certhia._core import Audience, Filter, Issuers, Source
from certhia.stream.blocks import LARGE, Memory, Sheet, make
from certhia.stream.client import Block
from certhia.stream.forms import Wanted
from certhia.stream.groups import Group, Plan, is_filtered
from certhia.testing import RawEntry, World

FEW = Filter([("exact", f"host{number}.example.com") for number in (3, 4, 12)])


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def issuers() -> Issuers:
    return Issuers()


@pytest.fixture
def sheets(world: World, issuers: Issuers) -> list[Sheet]:
    """Entries 0 to 9 and 10 to 19 of a log."""
    log = world.rfc6962("one", operator="Ops")
    world.grow(20)
    source = Source(log.id, "one", log.url, "rfc6962", "Ops")
    pages = [arrival(world, log, start, start + 10, issuers).page for start in (0, 10)]
    return [Sheet(log.model, source, page, 1.0, 5) for page in pages]


def plan(*wanted: Wanted) -> Plan:
    groups = [Group(one) for one in wanted]
    filters = dict.fromkeys(one.wanted.filter for one in groups if one.wanted.filter is not None)
    filtered = tuple(tuple(one for one in groups if one.wanted.filter == each) for each in filters)
    audience = Audience(list(filters)) if filters else None
    assert all(is_filtered(one) == (one.wanted.filter is not None) for one in groups)
    return Plan(tuple(groups), audience, filtered)


def made(plan: Plan, sheets: list[Sheet], issuers: Issuers, memory: Memory | None = None) -> dict[Wanted, Block]:
    blocks = make(plan, sheets, issuers, memory or Memory(1000), 7.0)
    assert len({id(group) for group, _ in blocks}) == len(blocks), "one block each"
    return {group.wanted: block for group, block in blocks}


def indexes(block: Block) -> list[int]:
    got = [json.loads(text)["data"]["cert_index"] for text in messages(block.data)]
    assert len(got) == block.count
    assert block.first is not None
    assert block.last is not None
    assert (block.first[1], block.last[1]) == (got[0], got[-1])
    return got


def test_all_of_some_pages_in_one_block(sheets: list[Sheet], issuers: Issuers) -> None:
    block = made(plan(Wanted()), sheets, issuers)[Wanted()]
    assert indexes(block) == list(range(20))
    assert block.at == 7.0
    verified = [json.loads(text)["verified"] for text in messages(block.data)]
    assert verified == [True] * 5 + [False] * 15


def test_what_is_large_comes_in_parts(world: World, issuers: Issuers) -> None:
    log = world.rfc6962("large")
    world.grow(300)
    page = arrival(world, log, 0, 300, issuers).page
    sheet = Sheet(log.model, Source(log.id, "large", log.url, "rfc6962", ""), page, 1.0, 0)
    lite, full = Group(Wanted()), Group(Wanted("full"))
    parts = [(group, indexes(block)) for group, block in make(Plan((lite, full)), [sheet], issuers, Memory(9), 7.0)]
    for group in (lite, full):
        own = [part for taker, part in parts if taker is group]
        assert [index for part in own for index in part] == list(range(300))
        assert len(own) > 1 or group is lite
    whole = make(Plan((lite,)), [sheet, sheet, sheet], issuers, Memory(9), 7.0)
    assert all(len(block.data) <= LARGE or block.count == 300 for _, block in whole)
    assert [index for _, block in whole for index in indexes(block)] == 3 * list(range(300))


def test_those_who_want_nothing_of_it_get_nothing(sheets: list[Sheet], issuers: Issuers) -> None:
    nobody = [Wanted(operators=("else",)), Wanted(order="proof"), Wanted(filter=Filter([("tree", "example.org")]))]
    assert made(plan(*nobody), sheets, issuers) == {}
    assert made(plan(), sheets, issuers) == {}


def test_filters(sheets: list[Sheet], issuers: Issuers) -> None:
    few, precerts = Wanted(filter=FEW), Wanted("full", filter=Filter(kind="precert"))
    blocks = made(plan(Wanted(), few, precerts), sheets, issuers)
    assert indexes(blocks[few]) == [3, 4, 12]
    assert indexes(blocks[precerts]) == list(range(1, 20, 2))
    alone = made(plan(few), sheets, issuers)
    assert alone[few].data == blocks[few].data


def test_framings_and_shapes(sheets: list[Sheet], issuers: Issuers) -> None:
    wanted = [Wanted(framing=framing) for framing in ("websocket", "deflate", "sse")]
    blocks = made(plan(*wanted, Wanted("domains")), sheets, issuers)
    assert [blocks[one].count for one in wanted] == [20, 20, 20]
    assert blocks[wanted[1]].data[0] == 0xC1
    assert blocks[wanted[2]].data.startswith(b"id: ")
    assert len(blocks[Wanted("domains")].data) < len(blocks[wanted[0]].data) / 4


def test_first_sightings_in_each_order(sheets: list[Sheet], issuers: Issuers) -> None:
    memory = Memory(1000)
    every, once = Wanted(), Wanted(dedupe=True)
    few = Wanted(filter=Filter([("exact", "host3.example.com")]), dedupe=True)
    first = made(plan(every, once, few), [sheets[0]], issuers, memory)
    assert [first[one].count for one in (every, once, few)] == [10, 10, 1]
    again = made(plan(every, once, few), sheets, issuers, memory)
    assert again[every].count == 20
    assert indexes(again[once]) == list(range(10, 20))
    assert few not in again
    proven = [Sheet(one.log, one.source, one.page, one.seen, 20, "proof") for one in sheets]
    later = Wanted(order="proof", dedupe=True)
    assert made(plan(later), proven, issuers, memory)[later].count == 20


def test_a_memory_of_another_size_begins_anew(sheets: list[Sheet], issuers: Issuers) -> None:
    memory, once = Memory(1000), Wanted(dedupe=True)
    made(plan(once), [sheets[0]], issuers, memory)
    memory.resize(1000)
    assert once not in made(plan(once), [sheets[0]], issuers, memory), "it was of that size"
    memory.resize(500)
    assert (memory.capacity, made(plan(once), [sheets[0]], issuers, memory)[once].count) == (500, 10)


def test_whoever_wants_each_once_gets_what_passes_once(world: World, issuers: Issuers) -> None:
    """A precertificate before its certificate, in two logs: what no filter of theirs passes was not seen."""
    logs = [world.rfc6962(name) for name in ("one", "two")]
    precert = world.ca.issue(["www.example.com"], precert=True)
    for log in logs:
        log.add(precert, world.ca.finish(precert))
        log.publish()
    sheets = [
        Sheet(log.model, Source(log.id, log.url, log.url, "rfc6962"), arrival(world, log, 0, 2, issuers).page, 1.0, 0)
        for log in logs
    ]
    kinds = [Wanted(filter=Filter(kind=kind), dedupe=True) for kind in ("certificate", "precert")]
    named = Wanted(filter=Filter([("tree", "example.com")]), dedupe=True)
    second, names = Wanted(logs=(logs[1].url,), dedupe=True), Wanted("domains", dedupe=True)
    every = [*kinds, named, second, names, Wanted(filter=Filter([("tree", "example.com")])), Wanted()]
    blocks = make(plan(*every), sheets, issuers, Memory(1000), 7.0)
    got: dict[Wanted, list[tuple[int, int]]] = {}
    for group, block in blocks:
        assert block.first is not None
        assert block.last is not None
        place = [one.id for one in logs].index(block.first[0])
        got.setdefault(group.wanted, []).append((place, block.first[1]))
        assert block.count == (4 if not group.wanted.dedupe else 1), group.wanted
    assert [got[one] for one in every[:5]] == [[(0, 1)], [(0, 0)], [(0, 0)], [(1, 0)], [(0, 0)]]


def test_who_comes_later_has_seen_nothing(sheets: list[Sheet], issuers: Issuers) -> None:
    memory, once = Memory(1000), Wanted(dedupe=True)
    other = Wanted(operators=("ops",), dedupe=True)
    assert made(plan(once), sheets, issuers, memory)[once].count == 20
    both = made(plan(once, other), sheets, issuers, memory)
    assert (once in both, both[other].count) == (False, 20)
    made(plan(other), sheets[:1], issuers, memory)
    assert made(plan(once), sheets, issuers, memory)[once].count == 20, "it had gone"


def test_what_was_not_sent_for_a_fault_was_not_seen(
    sheets: list[Sheet], issuers: Issuers, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, once = Memory(1000), Wanted(dedupe=True)
    with monkeypatch.context() as broken:
        broken.setattr(Sheet, "messages", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(plan(once), sheets, issuers, memory, 7.0)
    assert made(plan(once), sheets, issuers, memory)[once].count == 20


def test_entries_that_give_no_message(world: World, issuers: Issuers) -> None:
    log = world.rfc6962("odd")
    known = [world.ca.issue([f"host{number}.example.com"]) for number in range(2)]
    log.add(known[0], RawEntry(b"\0\0" + bytes(8) + b"\0\x09" + b"odd", b""), known[1])
    log.publish()
    page = arrival(world, log, 0, 3, issuers).page
    sheet = Sheet(log.model, Source(log.id, "odd", log.url, "rfc6962"), page, 1.0, 0)
    every, all_of_it = Wanted(), Wanted(filter=Filter(excluded=[("tree", "example.org")]))
    blocks = made(plan(every, all_of_it), [sheet], issuers)
    assert indexes(blocks[every]) == [0, 2]
    assert indexes(blocks[all_of_it]) == [0, 2]
