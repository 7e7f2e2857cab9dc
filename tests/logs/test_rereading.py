"""Entries that are read once more, for rules that are new."""

from __future__ import annotations

import pytest
from tests.logs.bench import Unnamed, Wire

from certhia._core import Issuers, Matcher
from certhia.logs.backfill import Backfiller, Takers
from certhia.logs.budget import Budget
from certhia.logs.client import client
from certhia.logs.pace import Paces
from certhia.logs.reading import Reading
from certhia.logs.rereading import Rereading
from certhia.model import Arrival
from certhia.store.blocks import Block
from certhia.store.spans import Span
from certhia.testing import World, in_simulated_time

ALL = Unnamed(Matcher([("all", "")]))
ONE = Unnamed(Matcher([("exact", "host5.example.com")]))


@pytest.mark.parametrize("verified", [[], [(0, 100)], [(0, 30)]])
@in_simulated_time
async def test_found_by_the_new_rules_alone_and_told_once_it_is_proven(
    certhia_world: World, verified: list[Span]
) -> None:
    log = certhia_world.static("one")
    certhia_world.grow(100)
    wire = Wire(certhia_world.transport(latency=0.01))
    reader = client(log.model, wire, Paces(certhia_world.clock), Issuers(), certhia_world.clock, later=True)
    arrivals: list[Arrival] = []
    blocks: list[Block] = []

    async def accept(arrival: Arrival) -> None:
        arrivals.append(arrival)

    async def wait() -> None:
        assert all(again.spans for _ in arrivals)

    takers = Takers(
        accept=accept,
        proven=blocks.append,
        verified=lambda: verified,
        forget=lambda spans: pytest.fail(f"{spans} are verified"),
        alarm=pytest.fail,
        notice=lambda *_: None,
        rules=lambda: ALL,
    )
    ledger = lambda: [*verified, *((one.start, one.end) for one in blocks)]  # noqa: E731
    again = Rereading(takers, ONE, verified=ledger)
    head = await reader.head()
    filler = Backfiller(
        reader,
        (0, 100),
        head,
        again.takers,
        reverse=True,
        reading=Reading(verify_entries=32),
        budget=Budget(64_000_000),
        clock=certhia_world.clock,
    )
    await filler.run(again.waiting(wait))
    await again.tell()
    assert again.spans == [(0, 100)]
    assert [one.page.first + position for one in arrivals for position, _ in one.scan.hits] == [5]
    assert all(one.verified for one in arrivals)
    assert not any(start < one.end and one.start < end for one in blocks for start, end in verified)
