"""Event streams: what stands in them, and how they end."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.stream.rig import Raw, Stage

from certhia.stream.sse import Events
from certhia.testing import SimClock, World, in_simulated_time

ASK = "Host: here\r\nAccept: text/event-stream\r\n"


@pytest.fixture
def stage() -> Stage:
    return Stage(World())


def test_what_is_no_certificate_moves_no_place() -> None:
    events = Events()
    assert events.message(b'{"a":1}') == b'data: {"a":1}\n\n'
    assert events.closing(1001, "the server stops\nnow") == b": the server stops now\n\n"
    assert events.closing(1001, "") == b""


async def test_each_event_has_its_cursor(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port, "/sse", upgrade=ASK)
        await stage.joined(1)
        await stage.feed(2)
        events = [await raw.reader.readuntil(b"\n\n") for _ in range(2)]
    assert raw.head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Type: text/event-stream" in raw.head
    assert b"chunked" not in raw.head
    for index, event in enumerate(events):
        first, second, *rest = event.split(b"\n")
        assert first == f"id: {stage.log.id[:8].hex()}:{index}".encode()
        assert json.loads(second.removeprefix(b"data: "))["data"]["cert_index"] == index
        assert rest == [b"", b""]


async def test_the_stream_ends_with_the_server(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port, "/sse?stream=domains", upgrade=ASK)
        await stage.joined(1)
        await stage.feed(1)
        await raw.reader.readuntil(b"\n\n")
        leaving = asyncio.get_running_loop().create_task(stage.server.close())
        rest = await raw.reader.read()
        await leaving
    assert rest == f": the server stops; continue with since={stage.log.id[:8].hex()}:0\n\n".encode()


async def test_who_talks_too_much_is_cut_off(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port, "/sse", upgrade=ASK)
        await stage.joined(1)
        raw.send(b"x" * 100)
        await stage.feed(1)
        await raw.reader.readuntil(b"\n\n")
        raw.send(b"x" * 2000)
        await stage.joined(0)


async def test_a_stream_that_is_not_there(stage: Stage) -> None:
    stage = Stage(World(), paths={"lite": "/", "sse": "/events"})
    async with stage.running() as port:
        raw = await Raw.open(port, "/events?stream=full", upgrade=ASK)
        assert raw.head.startswith(b"HTTP/1.1 400")
        assert b'stream: "full" is none; there are lite' in await raw.reader.readline()


@in_simulated_time
async def test_an_idle_stream_is_kept_alive(certhia_clock: SimClock) -> None:
    stage = Stage(World(certhia_clock), heartbeat=None)
    async with stage.running() as port:
        raw = await Raw.open(port, "/sse", upgrade=ASK)
        began = stage.clock.monotonic()
        assert await raw.reader.readexactly(6) == b":\n\n:\n\n"
        assert 30 <= stage.clock.monotonic() - began <= 33
