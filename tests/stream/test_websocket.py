"""WebSocket connections by raw frames: handshake, fragments, control frames, pings, and all that must not be."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

import pytest
from multidict import CIMultiDict
from tests.stream.rig import Raw, Stage
from tests.stream.test_frames import deflated, masked

from certhia.errors import ConfigError
from certhia.stream import frames, websocket
from certhia.stream.client import Client, Limits
from certhia.stream.server import Server
from certhia.stream.websocket import WebSocket, WebSocketFraming
from certhia.testing import SimClock, World, in_simulated_time

HEADERS = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture
def stage() -> Stage:
    return Stage(World())


def test_the_handshake_of_the_rfc() -> None:
    answer, deflate = websocket.accept(CIMultiDict(HEADERS), compression=True)
    assert answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert not deflate
    assert "Sec-WebSocket-Extensions" not in answer


@pytest.mark.parametrize(
    "header, value, said",
    [
        ("Connection", "keep-alive", "proxy"),
        ("Sec-WebSocket-Version", "8", "version 13"),
        ("Sec-WebSocket-Key", "", "16 bytes"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ==", "16 bytes"),
        ("Sec-WebSocket-Key", "not base64 at all!!", "16 bytes"),
    ],
)
def test_handshakes_that_are_none(header: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        websocket.accept(CIMultiDict({**HEADERS, header: value}), compression=False)


@pytest.mark.parametrize(
    "offer, taken",
    [
        ("permessage-deflate", True),
        ("permessage-deflate; client_max_window_bits", True),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", True),
        ("permessage-deflate; server_max_window_bits=15", True),
        ('permessage-deflate; server_max_window_bits="15"', True),
        ("permessage-deflate; server_max_window_bits=10", False),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", True),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", False),
        ("permessage-deflate; something_else", False),
        ("permessage-deflate; ???", False),
        ("x-webkit-deflate-frame", False),
        ("", False),
    ],
)
def test_compression_is_agreed_on_where_it_can_be(offer: str, taken: bool) -> None:
    headers = {**HEADERS, "Sec-WebSocket-Extensions": offer}
    answer, deflate = websocket.accept(CIMultiDict(headers), compression=True)
    assert deflate is taken
    assert websocket.accept(CIMultiDict(headers), compression=False)[1] is False
    if taken:
        assert answer["Sec-WebSocket-Extensions"].split("; ")[1:] == [
            "server_no_context_takeover",
            "client_no_context_takeover",
        ]


async def test_a_ping_is_answered_between_fragments(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        raw.send(masked(1, b'{"subscribe"', fin=False) + masked(9, b"still?") + masked(0, b": 5}"))
        assert await raw.frame() == (0x8A, b"still?")
        told = await raw.message()
        assert (await raw.closed())[0] == 1008
    assert "subscribe must hold options" in told["data"]["message"]


@pytest.mark.parametrize(
    "data, code",
    [
        (masked(9, fin=False), 1002),
        (masked(8, fin=False), 1002),
        (frames.frame(1, b"{}"), 1002),
        (masked(0, b"x"), 1002),
        (masked(1, b"x", rsv=4), 1002),
        (masked(1, b"\xff"), 1007),
        (b"\x82\xff" + (1 << 30).to_bytes(8, "big"), 1009),
        (masked(1, fin=False) + masked(0, fin=False) * frames.MAX_FRAGMENTS, 1009),
    ],
)
async def test_what_breaks_the_protocol_is_closed(stage: Stage, data: bytes, code: int) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        raw.send(data)
        first, payload = await raw.frame()
        assert (first, int.from_bytes(payload[:2], "big")) == (0x88, code)
        raw.send(b"more" * 1000)
        raw.close()


async def test_of_many_texts_the_last_ones_count() -> None:
    client = Client(WebSocketFraming(), Limits(), SimClock())
    socket = WebSocket(client, asyncio.get_running_loop())
    socket.data_received(b"".join(masked(1, b"%d" % number) for number in range(20)))
    heard = [await socket.heard() for _ in range(websocket.MAX_TEXTS)]
    assert heard == [b"%d" % number for number in range(20 - websocket.MAX_TEXTS, 20)]
    socket.connection_lost(None)
    assert await socket.heard() is None


async def test_a_flood_of_frames_is_closed(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        raw.send(masked(10) * (2 * websocket.MAX_FRAMES))
        assert await raw.frame() == (0x88, b"\x03\xf0a client may send 100 frames a second")
        raw.close()


@pytest.mark.parametrize("sent, answer", [(b"\x03\xe8bye", 1000), (b"", 1000), (b"\x0b\xb8", 3000)])
async def test_a_goodbye_is_answered(stage: Stage, sent: bytes, answer: int) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        await stage.joined(1)
        raw.send(masked(8, sent))
        assert await raw.frame() == (0x88, answer.to_bytes(2, "big"))
        assert await raw.frame() == (0, b"")
        raw.close()
        await stage.joined(0)


async def test_silent_clients_and_odd_ones_are_welcome(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        raw.send(masked(1, b"ping") + masked(2, b"\0") + masked(10, b"unasked") + masked(1, b'["subscribe"]'))
        await stage.joined(1)
        await stage.feed(1)
        assert (await raw.message())["message_type"] == "certificate_update"
        raw.close()


async def test_compressed_for_those_who_want_it(stage: Stage) -> None:
    stage.server = Server(stage.hub, stage.terms(compression=True), stage.clock, stage._say)
    async with stage.running() as port:
        raw = await Raw.open(port, headers="Sec-WebSocket-Extensions: permessage-deflate\r\n")
        plain = await Raw.open(port)
        await stage.joined(2)
        await stage.feed(2)
        expected = [await plain.message() for _ in range(2)]
        got = []
        for _ in range(2):
            first, payload = await raw.frame()
            assert first == 0xC1
            got.append(json.loads(zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")))
        raw.send(masked(1, deflated(b'{"subscribe": 1}'), rsv=4))
        assert "subscribe" in (await raw.message())["data"]["message"]
        raw.close()
        plain.close()
    assert got == expected


@in_simulated_time
async def test_who_answers_pings_stays_and_who_does_not_goes(certhia_clock: SimClock) -> None:
    stage = Stage(World(certhia_clock))
    async with stage.running() as port:
        deaf, alive = await Raw.open(port), await Raw.open(port)
        began = stage.clock.monotonic()
        pings, held = 0, 0.0
        while stage.clock.monotonic() - began < 120:
            first, payload = await alive.frame()
            if first == 0x89:
                pings += 1
                alive.send(masked(10, payload))
            if len(stage.server.streams.connections) == 2:
                held = stage.clock.monotonic() - began
        assert 7 <= pings <= 8
        assert held <= 40
        assert len(stage.server.streams.connections) == 1
        deaf.close()
        alive.close()


@in_simulated_time
async def test_heartbeats(certhia_clock: SimClock) -> None:
    stage = Stage(World(certhia_clock), heartbeat=30.0)
    async with stage.running() as port:
        raw = await Raw.open(port)
        beats: list[dict[str, Any]] = []
        while len(beats) < 3:
            first, payload = await raw.frame()
            if first == 0x89:
                raw.send(masked(10, payload))
            else:
                beats.append(json.loads(payload))
        raw.close()
    assert {beat["message_type"] for beat in beats} == {"heartbeat"}
    assert [round(beats[at + 1]["timestamp"] - beats[at]["timestamp"]) for at in range(2)] == [30, 30]


async def test_what_comes_after_the_last_word_is_not_heard(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port, "/?profile=other")
        raw.send(masked(1, b'{"subscribe": {}}') * 3)
        await raw.message()
        assert (await raw.closed())[0] == 1008
        await stage.joined(0)


async def test_it_waits_for_no_goodbye_for_ever(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        await stage.joined(1)
        (connection,) = stage.server.streams.connections
        connection.close(1001, "bye", patience=0.0)
        await connection.over
        assert await raw.frame() == (0x88, b"\x03\xe9bye")
        raw.close()
        await asyncio.sleep(0)


def test_headers_may_come_in_several_lines() -> None:
    headers = CIMultiDict({**HEADERS})
    headers.popall("Connection")
    for name, value in (
        ("Connection", "keep-alive"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Extensions", "x-other"),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
    ):
        headers.add(name, value)
    answer, deflate = websocket.accept(headers, compression=True)
    assert deflate
    assert answer["Sec-WebSocket-Extensions"].startswith("permessage-deflate;")
