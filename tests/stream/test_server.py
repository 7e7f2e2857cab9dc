"""The server's own life: its port, those who are too slow, how it ends, what breaks in it."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from tests.stream.rig import Raw, Stage

from certhia.config.listen import Listen
from certhia.errors import ConfigError
from certhia.stream.client import Limits
from certhia.stream.server import Server
from certhia.testing import World


@pytest.fixture
def stage() -> Stage:
    return Stage(World())


async def test_at_the_end_each_is_told_where_to_go_on(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        await stage.joined(1)
        await stage.feed(3)
        for _ in range(3):
            await raw.message()
        leaving = asyncio.get_running_loop().create_task(stage.server.close())
        code, reason = await raw.closed()
        await leaving
    assert (code, reason) == (1001, f"the server stops; continue with since={stage.log.id[:8].hex()}:2")


async def test_also_who_was_sent_nothing_yet_or_no_cursors_is_told_where_to_go_on(stage: Stage) -> None:
    async with stage.running() as port:
        early = await Raw.open(port, "/?since=1795000000")
        await stage.joined(1)
        (connection,) = stage.server.streams.connections
        assert stage.hub.reached(connection.client) == "1795000000.000"
        rare = await Raw.open(port, "/?rule=never.invalid")
        calidog = await Raw.open(port, "/?profile=calidog")
        await stage.joined(3)
        await stage.feed(3)
        for _ in range(3):
            await calidog.message()
        assert [(await early.message())["message_type"] for _ in range(4)] == ["gap", *["certificate_update"] * 3]
        await stage.clock.sleep(0)
        leaving = asyncio.get_running_loop().create_task(stage.server.close())
        told = {(await raw.closed()) for raw in (early, rare, calidog)}
        await leaving
    assert told == {(1001, f"the server stops; continue with since={stage.log.id[:8].hex()}:2")}


async def test_who_is_too_far_behind_is_closed(stage: Stage) -> None:
    stage.server = Server(stage.hub, stage.terms(limits=Limits(50_000_000, 0.0)), stage.clock, stage._say)
    async with stage.running() as port:
        raw = await Raw.open(port)
        await stage.joined(1)
        (connection,) = stage.server.streams.connections
        connection.pause_writing()
        payload = b""
        await stage.feed(3)
        while not connection.over.done():
            first, payload = await raw.frame()
            if first == 0x88:
                raw.close()
                await connection.over
        assert payload[:2] == (1013).to_bytes(2, "big")
        assert stage.server.too_late == 1


async def test_a_port_that_is_taken(stage: Stage) -> None:
    async with stage.running() as port:
        terms = stage.terms()
        other = Server(stage.hub, type(terms)((Listen("127.0.0.1", port),)), stage.clock, stage._say)
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}: .*--listen"):
            await other.start()


async def test_what_breaks_in_a_request_is_told_and_costs_only_that(stage: Stage) -> None:
    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("of our own making")

    stage.server.app.router.add_get("/broken", broken)
    async with stage.running() as port:
        raw = await Raw.open(port, "/broken", upgrade="Host: here\r\n")
        assert raw.head.startswith(b"HTTP/1.1 500")
        assert stage.said == ["a request for /broken failed: RuntimeError: of our own making"]
        stage.said.clear()
        other = await Raw.open(port)
        assert other.head.startswith(b"HTTP/1.1 101")


async def test_nobody_comes_in_while_it_stops(stage: Stage) -> None:
    async with stage.running() as port:
        stage.server.streams.closing = True
        raw = await Raw.open(port)
        assert raw.head.startswith(b"HTTP/1.1 503")


async def test_what_is_no_http_is_nobodys_concern(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async with stage.running() as port:
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"X" * 20_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            assert (await reader.read(12)).startswith(b"HTTP/1.")
            writer.close()
            await writer.wait_closed()
    assert caplog.records == []


async def test_before_it_starts_and_after_it_ends(stage: Stage) -> None:
    assert stage.server.addresses == []
    await stage.server.close()
    async with stage.running():
        pass
    await stage.server.close()
