"""The hub: pages in order to whoever wants them, bounded, and no client misses or repeats a block."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.stream.rig import arrival
from tests.stream.test_client import Pipe, messages

from certhia._core import Audience, Filter, Issuers
from certhia.stream import blocks
from certhia.stream import hub as hubs
from certhia.stream.blocks import Sheet
from certhia.stream.client import Client, Limits
from certhia.stream.forms import Wanted
from certhia.stream.history import Recorded
from certhia.stream.hub import Hub
from certhia.stream.places import Missing, Order
from certhia.stream.websocket import WebSocketFraming
from certhia.testing import FakeLog, SimClock, World, in_simulated_time


class Rig:
    """A hub at work on one log."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = world.clock
        self.hub = Hub(self.clock)
        self.issuers = Issuers()
        self.log = world.rfc6962("one")
        self.pipes: list[Pipe] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Hub]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.hub.run()), group.create_task(self.hub.compile())]
            yield self.hub
            for task in tasks:
                task.cancel()

    def client(self, wanted: Wanted, takes: int = 1 << 30) -> Pipe:
        client = Client(WebSocketFraming(), Limits(), self.clock)
        pipe = Pipe(client, takes)
        self.pipes.append(pipe)
        self.hub.join(client, wanted)
        return pipe

    async def feed(self, count: int, log: FakeLog | None = None, *, verified: bool = False) -> None:
        log = log or self.log
        before = log.size
        log.add(*[self.world.ca.issue([f"host{number}.example.com"]) for number in range(before, before + count)])
        log.publish()
        page = arrival(self.world, log, before, before + count, self.issuers, verified=verified)
        await self.hub.accept(page)

    async def settle(self) -> None:
        """Until all that was fed is sent."""
        await self.clock.sleep(1.0)


def got(pipe: Pipe) -> list[Any]:
    return [json.loads(text) for text in messages(pipe.written)]


def indexes(pipe: Pipe) -> list[int]:
    return [one["data"]["cert_index"] for one in got(pipe)]


@pytest.fixture
def rig(certhia_world: World) -> Rig:
    return Rig(certhia_world)


@in_simulated_time
async def test_all_get_what_they_want_in_order(rig: Rig) -> None:
    async with rig.running():
        pipes = [rig.client(Wanted()) for _ in range(3)]
        names = rig.client(Wanted("domains"))
        await rig.settle()
        for count in (5, 1, 7):
            await rig.feed(count)
        await rig.settle()
    assert [indexes(pipe) for pipe in pipes] == [list(range(13))] * 3
    assert [one["data"] for one in got(names)] == [[f"host{number}.example.com"] for number in range(13)]


@in_simulated_time
async def test_small_pages_are_gathered(rig: Rig) -> None:
    async with rig.running():
        pipe = rig.client(Wanted())
        await rig.settle()
        for _ in range(100):
            await rig.feed(1)
            await rig.clock.sleep(0.005)
        await rig.settle()
    assert indexes(pipe) == list(range(100))
    assert 10 <= pipe.writes <= 12


@in_simulated_time
async def test_without_clients_nothing_is_kept(rig: Rig) -> None:
    await rig.feed(10)
    assert (rig.hub.entries, rig.hub._queued) == (10, 0)


@in_simulated_time
async def test_logs_wait_while_the_core_has_too_much_to_do(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "QUEUE", 20_000)
    pipe = rig.client(Wanted())
    feeding = asyncio.get_running_loop().create_task(_many(rig, 50))
    await rig.settle()
    assert not feeding.done()
    assert rig.hub.entries < 500
    async with rig.running():
        await feeding
        await rig.settle()
    assert indexes(pipe) == list(range(500))


async def _many(rig: Rig, pages: int) -> None:
    for _ in range(pages):
        await rig.feed(10)


@in_simulated_time
async def test_large_pages_are_cut(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "BATCH", 16)
    heard: list[int] = []
    rig.hub.listeners.append(lambda sheet: heard.append(len(sheet.page)))
    async with rig.running():
        pipe = rig.client(Wanted())
        await rig.settle()
        await rig.feed(40)
        await rig.settle()
    assert heard == [16, 16, 8]
    assert indexes(pipe) == list(range(40))


@in_simulated_time
async def test_filters_are_compiled_at_most_five_times_a_second(rig: Rig) -> None:
    tables = 0
    compiled = rig.hub.members.compiled

    def count(audience: Audience | None, numbers: dict[Filter, int]) -> None:
        nonlocal tables
        tables += 1
        compiled(audience, numbers)

    rig.hub.members.compiled = count  # type: ignore[method-assign]
    async with rig.running():
        pipes = []
        for number in range(100):
            pipes.append(rig.client(Wanted(filter=Filter([("exact", f"host{number}.example.com")]))))
            await rig.clock.sleep(0.02)
        await rig.settle()
        await rig.feed(100)
        await rig.settle()
    assert [indexes(pipe) for pipe in pipes] == [[number] for number in range(100)]
    assert 10 <= tables <= 13


@in_simulated_time
async def test_proven_entries_in_order_of_proof(rig: Rig) -> None:
    async with rig.running():
        at_once, proven = rig.client(Wanted()), rig.client(Wanted(order="proof"))
        await rig.settle()
        await rig.feed(10)
        await rig.feed(10)
        await rig.settle()
        assert (len(got(at_once)), got(proven)) == (20, [])
        rig.hub.proven(rig.log.id, 15)
        await rig.settle()
        assert [(one["data"]["cert_index"], one["verified"]) for one in got(proven)] == [(at, True) for at in range(15)]
        await rig.feed(5, verified=True)
        rig.hub.proven(rig.log.id, 25)
        await rig.settle()
    assert indexes(proven) == list(range(25))
    assert [one["verified"] for one in got(at_once)] == [False] * 20 + [True] * 5


@in_simulated_time
async def test_verified_is_the_state_at_sending(rig: Rig) -> None:
    pipe = rig.client(Wanted())
    await rig.feed(4)
    rig.hub.proven(rig.log.id, 3)
    async with rig.running():
        await rig.settle()
    assert [one["verified"] for one in got(pipe)] == [True, True, True, False]


@in_simulated_time
async def test_what_was_read_in_vain_comes_again(rig: Rig) -> None:
    async with rig.running():
        pipe = rig.client(Wanted(order="proof"))
        await rig.settle()
        await rig.feed(10)
        rig.hub.rewound(rig.log.model)
        await rig.hub.accept(arrival(rig.world, rig.log, 0, 10, rig.issuers))
        rig.hub.proven(rig.log.id, 10)
        await rig.settle()
    assert indexes(pipe) == list(range(10))


@in_simulated_time
async def test_what_a_frozen_log_will_not_prove_is_told(certhia_world: World) -> None:
    rig = Rig(certhia_world)
    async with rig.running():
        pipe, at_once = rig.client(Wanted(order="proof")), rig.client(Wanted())
        await rig.settle()
        await rig.feed(10)
        rig.hub.frozen(rig.log.model, stands=True)
        await rig.feed(10)
        await rig.settle()
    told = [one["data"] for one in got(pipe)]
    assert [(gap["missed"], gap["reason"]) for gap in told] == [(10, "frozen"), (10, "frozen")]
    assert indexes(at_once) == list(range(20))


@in_simulated_time
async def test_what_can_not_wait_for_its_proof_is_told(certhia_world: World) -> None:
    rig = Rig(certhia_world)
    rig.hub.adopt(dedupe=1000, unproven=30_000)
    async with rig.running():
        pipe, at_once = rig.client(Wanted(order="proof")), rig.client(Wanted())
        await rig.settle()
        for _ in range(10):
            await rig.feed(10)
        await rig.settle()
        rig.hub.proven(rig.log.id, 100)
        await rig.settle()
    gaps = [one["data"] for one in got(pipe) if one["message_type"] == "gap"]
    kept = [one["data"]["cert_index"] for one in got(pipe) if one["message_type"] != "gap"]
    assert gaps
    assert {gap["reason"] for gap in gaps} == {"unproven-overflow"}
    missed = sum(gap["missed"] for gap in gaps)
    assert kept == list(range(missed, 100))
    assert pipe.client.missed == missed
    assert len(got(at_once)) == 100


@in_simulated_time
async def test_what_breaks_costs_its_page_alone_and_is_told(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    rig.hub = Hub(rig.clock, lambda text, **_: said.append(text))

    def breaks(plan: Any, sheets: Sequence[Sheet], *others: Any) -> Any:
        if any(one.page.first == 10 for one in sheets):
            raise RuntimeError("of our own making")
        return blocks.make(plan, sheets, *others)

    monkeypatch.setattr(hubs, "make", breaks)
    async with rig.running():
        pipe = rig.client(Wanted())
        await rig.settle()
        for _ in range(3):
            await rig.feed(10)
        await rig.settle()
    assert said == ["entries 10 to 19 could not be sent: RuntimeError: of our own making"]
    gaps = [one["data"] for one in got(pipe) if one["message_type"] == "gap"]
    kept = [one["data"]["cert_index"] for one in got(pipe) if one["message_type"] != "gap"]
    assert kept == [*range(10), *range(20, 30)]
    assert [(gap["missed"], gap["reason"]) for gap in gaps] == [(10, "fault")]


class Recorder:
    """Numbers what is sent."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self.gate: asyncio.Event | None = None
        self.known = 0  # entries before it were sent already
        self.missing: list[tuple[Order, Missing]] = []

    async def record(self, sheets: Sequence[Sheet], _issuers: Issuers) -> Recorded:
        if self.gate is not None:
            await self.gate.wait()
        self.sheets += sheets
        missing, self.missing = self.missing, []
        return Recorded(len(self.sheets), [one for one in sheets if one.page.first >= self.known], missing)


@in_simulated_time
async def test_what_is_sent_is_recorded_before_and_in_that_order(rig: Rig) -> None:
    recorder = Recorder()
    rig.hub.record = recorder.record
    async with rig.running():
        await rig.feed(5)
        await rig.feed(5)
        rig.hub.proven(rig.log.id, 7)
        await rig.settle()
    shown = [(one.order, one.page.first, one.page.end) for one in recorder.sheets]
    assert shown == [("arrival", 0, 5), ("arrival", 5, 10), ("proof", 0, 5), ("proof", 5, 7)]
    assert rig.hub.sequence == 4


@in_simulated_time
async def test_what_was_sent_already_is_not_sent_again_and_what_never_will_be_is_told(rig: Rig) -> None:
    recorder = Recorder()
    rig.hub.record = recorder.record
    recorder.known = 5
    async with rig.running():
        pipe, proven = rig.client(Wanted()), rig.client(Wanted(order="proof"))
        await rig.settle()
        await rig.feed(5)
        await rig.settle()
        recorder.missing = [("arrival", Missing(rig.log.id, 5, 7, "not-recorded"))]
        await rig.feed(5)
        await rig.settle()
    gap, *entries = got(pipe)
    cursors = [f"{rig.log.id[:8].hex()}:{index}" for index in (5, 6)]
    assert gap["data"] == {"missed": 2, "from": cursors[0], "to": cursors[1], "reason": "not-recorded"}
    assert [one["data"]["cert_index"] for one in entries] == list(range(5, 10))
    assert got(proven) == []


@in_simulated_time
async def test_who_has_read_what_was_recorded_is_joined_where_that_ends(rig: Rig) -> None:
    recorder = Recorder()
    rig.hub.record = recorder.record
    pipe = Pipe(Client(WebSocketFraming(), Limits(), rig.clock))
    async with rig.running() as hub:
        await rig.feed(5)
        await rig.settle()
        assert not await hub.follow_on(pipe.client, Wanted(), 0)
        recorder.gate = asyncio.Event()
        await rig.feed(5)
        await rig.settle()
        joining = asyncio.get_running_loop().create_task(hub.follow_on(pipe.client, Wanted(), 1))
        await rig.settle()
        recorder.gate.set()
        assert not await joining, "more was sent while it waited"
        assert await hub.follow_on(pipe.client, Wanted(), 2)
        await rig.feed(5)
        await rig.settle()
    assert indexes(pipe) == list(range(10, 15))


@in_simulated_time
async def test_a_change_loses_and_repeats_nothing(certhia_clock: SimClock) -> None:
    rig = Rig(World(certhia_clock))
    async with rig.running():
        pipe = rig.client(Wanted())
        await rig.settle()
        for number in range(60):
            rig.hub.join(pipe.client, Wanted(logs=("one",) * (number % 2)))
            await rig.feed(3)
            await rig.clock.sleep(0.01)
        await rig.settle()
    assert indexes(pipe) == list(range(180))


@in_simulated_time
async def test_who_left_gets_nothing_more(rig: Rig) -> None:
    async with rig.running() as hub:
        pipe, other = rig.client(Wanted()), rig.client(Wanted())
        await rig.settle()
        await rig.feed(3)
        hub.leave(pipe.client)
        await rig.settle()
        await rig.feed(3)
        await rig.settle()
    assert pipe.written == b""
    assert indexes(other) == list(range(6))


@in_simulated_time
async def test_what_messages_say_of_a_log_changes_with_the_list(rig: Rig) -> None:
    async with rig.running():
        pipe = rig.client(Wanted())
        await rig.settle()
        await rig.feed(1)
        await rig.settle()
        rig.log.settings = type(rig.log.settings)(description="New name")
        await rig.feed(1)
        await rig.settle()
    assert [one["data"]["source"]["name"] for one in got(pipe)] == ["one", "New name"]
