"""The streams as clients meet them: which there are, what may be asked for, what is refused."""

from __future__ import annotations

import asyncio
import json

import pytest
import websockets
from tests.stream.rig import Raw, Stage
from tests.stream.test_frames import masked

from certhia.stream.server import Server
from certhia.testing import World

UPGRADE_WITHOUT_KEY = "Host: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"


@pytest.fixture
def stage() -> Stage:
    return Stage(World())


async def test_a_real_client_sees_every_certificate_in_order(stage: Stage) -> None:
    async with stage.running() as port, websockets.connect(f"ws://127.0.0.1:{port}/") as client:
        await stage.joined(1)
        names = await stage.feed(30) + await stage.feed(5)
        got = [json.loads(await client.recv()) for _ in names]
    assert [one["message_type"] for one in got] == ["certificate_update"] * 35
    assert [one["data"]["leaf_cert"]["all_domains"] for one in got] == [[name] for name in names]
    assert [one["data"]["cert_index"] for one in got] == list(range(35))
    assert [one["cursor"] for one in got] == [f"{stage.log.id[:8].hex()}:{index}" for index in range(35)]


async def test_each_path_has_its_stream(stage: Stage) -> None:
    async with stage.running() as port:
        paths = ["/", "/full-stream", "/domains-only", "/whatever/else"]
        clients = [await websockets.connect(f"ws://127.0.0.1:{port}{path}") for path in paths]
        await stage.joined(4)
        await stage.feed(1)
        lite, full, domains, other = [json.loads(await client.recv()) for client in clients]
        for client in clients:
            await client.close()
    assert "as_der" not in lite["data"]["leaf_cert"]
    assert "as_der" in full["data"]["leaf_cert"]
    assert domains["message_type"] == "dns_entries"
    assert domains["data"] == ["host0.example.com"]
    assert other == lite


async def test_nobody_waits_for_the_executor_where_nobody_listens(stage: Stage) -> None:
    async with stage.running():
        await stage.feed(10)
        assert stage.hub._queued == 0


async def test_filters(stage: Stage) -> None:
    async with stage.running() as port:
        clients = [
            await websockets.connect(f"ws://127.0.0.1:{port}/?{query}")
            for query in ("rule=host3.example.com&rule=host5.example.com", "type=precert&log=first*", "operator=nobody")
        ]
        await stage.joined(3)
        await stage.feed(10)
        rules = [json.loads(await clients[0].recv())["data"]["cert_index"] for _ in range(2)]
        precerts = [json.loads(await clients[1].recv())["data"]["cert_index"] for _ in range(5)]
        for client in clients:
            await client.close()
    assert rules == [3, 5]
    assert precerts == [1, 3, 5, 7, 9]


@pytest.mark.parametrize(
    "query, said",
    [
        ("rule=exa%20mple", "exa mple"),
        ("rule=re:(", "a regular expression can't be read"),
        ("type=both", 'type: "both" is none; write precert or certificate'),
        ("verified=maybe", "neither 1 nor 0"),
        ("rul=example.com", "did you mean rule?"),
        ("profile=other", "there are certhia, calidog"),
        ("type=precert&type=certificate", "given 2 times"),
    ],
)
async def test_what_makes_no_sense_is_said_and_closed_with_1008(stage: Stage, query: str, said: str) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port, f"/?{query}")
        told = await raw.message()
        code, reason = await raw.closed()
        events = await Raw.open(port, f"/sse?{query}", upgrade="Host: here\r\n")
        events.close()
    assert told["message_type"] == "error"
    assert said in told["data"]["message"]
    assert (code, reason) == (1008, told["data"]["message"][:123])
    assert events.head.startswith(b"HTTP/1.1 400")


async def test_what_breaks_on_the_way_closes_its_client_alone_and_is_told_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a defect\ud800")

    monkeypatch.setattr("certhia.stream.forms.of_message", broken)
    async with stage.running() as port:
        for _ in range(3):
            raw = await Raw.open(port)
            raw.send(masked(1, b'{"subscribe": {}}'))
            assert (await raw.closed())[0] == 1011
        said, stage.said[:] = list(stage.said), []
    assert said == ["a client of / was closed: ValueError: a defect\\ud800"]


async def test_half_a_character_is_refused(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port)
        raw.send(masked(1, b'{"subscribe": {"rules": ["a\\ud800.com"]}}'))
        assert "lone surrogate" in (await raw.message())["data"]["message"]
        assert (await raw.closed())[0] == 1008


async def test_a_subscription_may_change(stage: Stage) -> None:
    async with stage.running() as port, websockets.connect(f"ws://127.0.0.1:{port}/?rule=host1.example.com") as client:
        await stage.joined(1)
        await stage.feed(4)
        assert json.loads(await client.recv())["data"]["cert_index"] == 1
        before = stage.hub.members.groups
        await client.send(json.dumps({"subscribe": {"rules": ["host6.example.com"], "stream": "domains"}}))
        while stage.hub.members.groups == before or not stage.hub.members.plan.groups:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await stage.joined(1)
        await stage.feed(4)
        assert json.loads(await client.recv())["data"] == ["host6.example.com"]
        await client.send("hello?")
        await client.send(json.dumps({"subscribe": {"rule": "exa mple"}}))
        assert "exa mple" in json.loads(await client.recv())["data"]["message"]
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            await client.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1008


async def test_event_streams(stage: Stage) -> None:
    async with stage.running() as port:
        raw = await Raw.open(port, "/sse?stream=domains", upgrade="Host: here\r\nAccept: text/event-stream\r\n")
        await stage.joined(1)
        await stage.feed(2)
        events = [await raw.reader.readuntil(b"\n\n") for _ in range(2)]
        raw.close()
    assert b"text/event-stream" in raw.head
    ids = [event.split(b"\n")[0] for event in events]
    assert ids == [f"id: {stage.log.id[:8].hex()}:{index}".encode() for index in range(2)]
    assert json.loads(events[0].split(b"data: ")[1])["data"] == ["host0.example.com"]


async def test_verified_ones_come_once_they_are_proven(stage: Stage) -> None:
    async with stage.running() as port, websockets.connect(f"ws://127.0.0.1:{port}/?verified=1") as client:
        await stage.joined(1)
        await stage.feed(6)
        stage.hub.proven(stage.log.id, 4)
        got = [json.loads(await client.recv()) for _ in range(4)]
        stage.hub.proven(stage.log.id, 6)
        got += [json.loads(await client.recv()) for _ in range(2)]
    assert [(one["data"]["cert_index"], one["verified"]) for one in got] == [(index, True) for index in range(6)]


async def test_a_stream_that_is_off(stage: Stage) -> None:
    stage.server = Server(stage.hub, stage.terms(paths={"full": "/full"}), stage.clock, stage._say)
    async with stage.running() as port:
        for path in ("/", "/domains-only", "/sse"):
            raw = await Raw.open(port, path)
            assert raw.head.startswith(b"HTTP/1.1 404"), path
            raw.close()
        raw = await Raw.open(port, "/full")
        assert raw.head.startswith(b"HTTP/1.1 101")
        raw.close()


async def test_plain_requests_are_told_what_this_is(stage: Stage) -> None:
    async with stage.running() as port:
        root = await Raw.open(port, "/", upgrade="Host: here\r\n")
        other = await Raw.open(port, "/other", upgrade="Host: here\r\n")
        bad = await Raw.open(port, "/", upgrade=UPGRADE_WITHOUT_KEY)
        for raw in (root, other, bad):
            raw.close()
    assert root.head.startswith(b"HTTP/1.1 426")
    assert other.head.startswith(b"HTTP/1.1 404")
    assert bad.head.startswith(b"HTTP/1.1 400")


async def test_nobody_is_served_a_stream_that_is_off(stage: Stage) -> None:
    paths = {"lite": "/", "domains": "/domains-only", "sse": "/sse"}
    stage.server = Server(stage.hub, stage.terms(paths=paths), stage.clock, stage._say)
    async with stage.running() as port:
        raw = await Raw.open(port, "/?stream=full")
        assert 'stream: "full" is none; there are lite, domains' in (await raw.message())["data"]["message"]
        assert (await raw.closed())[0] == 1008
        async with websockets.connect(f"ws://127.0.0.1:{port}/") as client:
            await client.send(json.dumps({"subscribe": {"stream": "full"}}))
            assert '"full" is none' in json.loads(await client.recv())["data"]["message"]
        events = await Raw.open(port, "/sse?stream=full", upgrade="Host: here\r\n")
        assert events.head.startswith(b"HTTP/1.1 400")
