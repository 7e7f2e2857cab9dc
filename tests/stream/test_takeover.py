"""A connection taken over from aiohttp: what is sent before, who hears of its end, and that it ends."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from tests.stream.rig import Raw, Stage

from certhia.stream.takeover import GOODBYE
from certhia.testing import SimClock, World, in_simulated_time


@pytest.fixture
def stage() -> Stage:
    return Stage(World())


async def test_headers_of_others_are_sent(stage: Stage) -> None:
    async def add(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Other"] = "yes"

    stage.server.app.on_response_prepare.append(add)
    async with stage.running() as port:
        raw = await Raw.open(port)
    assert raw.head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"\r\nX-Other: yes\r\n" in raw.head


async def test_aiohttp_forgets_it_once_it_is_over(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        await stage.joined(1)
        (connection,) = stage.server.streams.connections
        assert stage.server._runner is not None
        theirs = stage.server._runner.server
        assert theirs is not None
        assert len(theirs.connections) == 1
        raw.close()
        await connection.over
        while theirs.connections:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert stage.server.streams.connections == set()
        assert len(stage.hub.members) == 0


async def test_who_goes_before_it_begins(stage: Stage) -> None:
    async def slow(request: web.Request) -> web.Response | None:
        assert request.transport is not None
        request.transport.abort()
        await asyncio.sleep(0)
        return None

    stage.server.streams.admit = slow
    async with stage.running() as port:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await Raw.open(port)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await Raw.open(port, "/sse")
        while stage.server.streams.connections:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_broken_connection_costs_nobody_else_anything(stage: Stage) -> None:
    async with stage.running() as port:
        broken, whole = await Raw.open(port), await Raw.open(port)
        await stage.joined(2)
        broken.writer.transport.abort()
        names = await stage.feed(50)
        assert [(await whole.message())["data"]["leaf_cert"]["all_domains"][0] for _ in names] == names


@in_simulated_time
async def test_who_takes_no_leave_is_cut_off(certhia_clock: SimClock) -> None:
    stage = Stage(World(certhia_clock), heartbeat=None)
    async with stage.running() as port:
        raw = await Raw.open(port)
        await stage.joined(1)
        (connection,) = stage.server.streams.connections
        began = stage.clock.monotonic()
        connection.close(1013, "too slow")
        connection.close(1001, "a second time")
        await connection.over
        assert stage.clock.monotonic() - began == pytest.approx(GOODBYE, abs=0.1)
        assert await raw.frame() == (0x88, b"\x03\xf5too slow")


async def test_a_slow_connection_pauses_its_client_alone(stage: Stage) -> None:
    async with stage.running() as port:
        slow, quick = await Raw.open(port, "/full-stream"), await Raw.open(port)
        await stage.joined(2)
        sent = 0
        while not any(one.client.paused for one in stage.server.streams.connections):
            await stage.feed(500)
            sent += 500
            for _ in range(500):
                await quick.message()
        for _ in range(sent):
            await slow.message()
        assert not any(one.client.paused for one in stage.server.streams.connections)
        assert all(one.client.missed == 0 for one in stage.server.streams.connections)
