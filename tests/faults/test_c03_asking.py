"""Clients of the stream that ask for more than there is: of room, and of time."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterable

import pytest
from tests.faults.test_c01_to_c04 import closing, joined
from tests.stream.asking import Asking
from tests.stream.rig import Raw
from tests.stream.test_frames import masked
from tests.stream.test_hub import Rig, indexes

from certhia._core import Filter
from certhia.stream import forms, websocket
from certhia.stream.client import Client
from certhia.stream.forms import Asked, Defaults, Wanted
from certhia.stream.room import Room
from certhia.testing import SimClock, World, in_simulated_time


@in_simulated_time
async def test_c03_subscriptions_that_take_long(certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """300 expressions count as ten subscriptions of a few rules: they are compiled so much less often."""
    read, before = list[float](), forms.of_message

    def noted(text: bytes, request: Asked, defaults: Defaults) -> Asked | None:
        read.append(certhia_clock.monotonic())
        return before(text, request, defaults)

    monkeypatch.setattr(forms, "of_message", noted)
    rules = [rf"re:[a-z0-9]{{9,{60 + number % 9}}}x{number}" for number in range(300)]
    stage = Asking(World(certhia_clock), heartbeat=None)
    async with stage.running() as port:
        raw = await Raw.open(port)
        for number in range(60):
            subscription = {"subscribe": {"rules": [*rules, f"{number}.invalid"]}}
            raw.send(masked(1, json.dumps(subscription).encode()))
            await certhia_clock.sleep(1.0)
        await raw.gone()
        began = certhia_clock.monotonic()
        while stage.server.streams.connections:
            await certhia_clock.sleep(0.1)
        assert certhia_clock.monotonic() - began <= 1.0, "who has gone is not waited for"
    assert 3 <= len(read) <= 8


async def test_c03_newcomers_wait_for_nobody_who_asks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many subscriptions wait to be read, a newcomer's is the next; of each client the last one counts, and of
    those who have gone none."""
    read, go_on, of_message, of_query = list[str](), threading.Event(), forms.of_message, forms.of_query

    def message(text: bytes, request: Asked, defaults: Defaults) -> Asked | None:
        read.append(json.loads(text)["subscribe"]["rules"][0])
        assert go_on.wait(60)
        return of_message(text, request, defaults)

    def query(kind: str, framing: str, query: Iterable[tuple[str, str]], defaults: Defaults) -> Asked:
        read.extend(value for _, value in query)
        return of_query(kind, framing, query, defaults)

    monkeypatch.setattr(forms, "of_message", message)
    monkeypatch.setattr(forms, "of_query", query)
    stage = Asking(World(), heartbeat=None)
    async with stage.running() as port:
        clients = [await Raw.open(port, "/?rule=old.invalid") for _ in range(10)]
        read.clear()
        clients[0].send(masked(1, b'{"subscribe": {"rules": ["first.invalid"]}}'))
        while not read:  # noqa: ASYNC110
            await asyncio.sleep(0)
        for who, raw in enumerate(clients):
            for turn in range(5):
                raw.send(masked(1, b'{"subscribe": {"rules": ["client%d-%d.invalid"]}}' % (who, turn)))
        while sum(_waiting(stage)) < 5 + 9 * 4:  # noqa: ASYNC110  (of the others, one each is in the line)
            await asyncio.sleep(0)
        for raw in clients[5:]:
            await raw.gone()
        while len(stage.server.streams.connections) > 5:  # noqa: ASYNC110
            await asyncio.sleep(0)
        newcomer = asyncio.create_task(Raw.open(port, "/?rule=newcomer.invalid"))
        while not stage.hub._turns._newcomers:  # noqa: ASYNC110
            await asyncio.sleep(0)
        go_on.set()
        await newcomer
        while sum(_waiting(stage)) or stage.hub._turns._busy:  # noqa: ASYNC110
            await asyncio.sleep(0)
    last = [f"client{who}-4.invalid" for who in range(5)]
    assert read[:2] == ["first.invalid", "newcomer.invalid"]
    assert sorted(read[2:]) == last


def _waiting(stage: Asking) -> list[int]:
    """Texts that wait to be read, of each client."""
    return [len(one._texts) for one in stage.server.streams.connections if isinstance(one, websocket.WebSocket)]


@in_simulated_time
async def test_c03_expressions_without_end(certhia_clock: SimClock) -> None:
    """Each legal by itself, together more than there is room for: who doesn't fit hears so when asking, whoever comes
    with other rules is served, and so are those who were."""
    stage = Asking(World(certhia_clock), heartbeat=None)
    stage.hub.members.room = Room(4 << 20)
    async with stage.running() as port:
        heavy = [rf"/?rule=re:%5CpL%7B40%7Dc{number}r1&rule=re:%5CpL%7B40%7Dc{number}r2" for number in range(8)]
        before = await Raw.open(port, heavy[0])
        await joined(stage, 1, certhia_clock)
        for path in heavy[1:]:
            raw = await Raw.open(port, path)
            assert "no room for more regular expressions" in (await raw.message())["data"]["message"]
            assert (await raw.closed())[0] == 1008
        events = await Raw.open(port, f"/sse{heavy[1][1:]}", upgrade="Host: here\r\n")
        assert events.head.startswith(b"HTTP/1.1 400")
        newcomer = await Raw.open(port, "/?type=certificate&rule=re:^host")
        await joined(stage, 2, certhia_clock)
        await stage.feed(1)
        assert (await newcomer.message())["data"]["cert_index"] == 0
        newcomer.send(masked(1, json.dumps({"subscribe": {"rules": [r"re:\pL{40}a", r"re:\pL{40}b"]}}).encode()))
        assert await closing(newcomer) == 1008
        await before.gone()
        while stage.server.streams.connections:
            await certhia_clock.sleep(0.1)
        assert stage.hub.members.room.held == 0
        await Raw.open(port, heavy[1])
        await joined(stage, 1, certhia_clock)


@in_simulated_time
async def test_c03_filters_that_can_not_be_compiled_together(certhia_world: World) -> None:
    """Expressions of more than the core takes: those who came last are told, and all others served at once."""
    refused, rig = list[tuple[Client, str]](), Rig(certhia_world)
    rig.hub.refuse = lambda client, text: refused.append((client, text))
    first, second = (Wanted(filter=Filter([("exact", f"host{number}.example.com")])) for number in range(2))
    async with rig.running():
        before = rig.client(first)
        await rig.settle()
        heavy = [rig.client(Wanted(filter=Filter([("regex", rf"\pL{{40}}c{number}")]))) for number in range(46)]
        newcomer = rig.client(second)
        await rig.settle()
        await rig.feed(2)
        await rig.settle()
    assert (indexes(before), indexes(newcomer)) == ([0], [1])
    assert 1 <= len(refused) <= 10
    assert [client for client, _ in refused] == [pipe.client for pipe in heavy[-len(refused) :]]
    assert all("take more than 64 MiB together" in text for _, text in refused)
