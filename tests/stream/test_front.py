"""What stands before every answer, for what it alone decides."""

from __future__ import annotations

import asyncio

import pytest
from tests.stream.asking import Asking, get
from tests.stream.rig import Raw

from certhia.stream.access import Rules
from certhia.stream.front import LOCAL, USUAL, Front
from certhia.stream.gate import Bounds
from certhia.testing import World


def test_this_machine_is_bound_by_the_total_alone() -> None:
    assert USUAL.exempt == LOCAL
    assert [str(one) for one in LOCAL] == ["127.0.0.0/8", "::1/128"]


async def test_each_answer_ends_its_connection_so_that_the_connect_rate_bounds_requests() -> None:
    stage = Asking(World())
    async with stage.running():
        assert (await stage.get("/health")).headers["connection"] == "close"


@pytest.mark.parametrize("asked", ["GET /health HTTP/1.1", "GET /nothing HTTP/1.1", "GET / HTTP/9.9", "what?"])
async def test_no_answer_says_what_runs_it(asked: str) -> None:
    stage = Asking(World())
    async with stage.running() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{asked}\r\nHost: here\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        writer.close()
    assert b"aiohttp" not in head
    assert b"python" not in head
    assert b"\r\nserver: certhia\r\n" in head


async def test_a_proxys_connections_are_kept() -> None:
    world = World()
    stage = Asking(world, Front(world.clock, Bounds(per_address=1, exempt=()), Rules(proxies=LOCAL)))
    async with stage.running():
        assert "connection" not in (await stage.get("/health", X_Forwarded_For="192.0.2.1")).headers


@pytest.mark.parametrize("path", ["/", "/sse", "/domains-only"])
async def test_a_place_is_free_again_when_a_stream_is_over(path: str) -> None:
    world = World()
    stage = Asking(world, Front(world.clock, Bounds(per_address=1, exempt=())))
    async with stage.running() as port:
        for _ in range(3):
            raw = await Raw.open(port, path)
            assert raw.head.split()[1] in (b"101", b"200")
            assert stage.server.front.gate.inside == 1
            await raw.gone()
            while stage.server.front.gate.inside:
                await world.clock.sleep(0)
        assert (await get(port, "/health")).status == 200
