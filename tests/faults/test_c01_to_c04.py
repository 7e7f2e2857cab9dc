"""Clients of the stream that mean ill, or are ill: what they cost, and that nobody else notices."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from tests.faults.memory import Peak
from tests.stream.asking import Asking, get
from tests.stream.rig import UPGRADE, Raw
from tests.stream.test_frames import masked

from certhia.net import raise_file_limit
from certhia.stream import forms, streams, websocket
from certhia.stream.client import Limits
from certhia.stream.forms import Asked, Defaults
from certhia.stream.front import Front
from certhia.stream.gate import Bounds
from certhia.stream.takeover import GOODBYE, PATIENCE, Connection
from certhia.testing import SimClock, World, in_simulated_time

SLOW, HEALTHY = 100, 900
ENTRIES, AT_ONCE = 600, 50
KIB = 1 << 10
HANDSHAKE = f"GET / HTTP/1.1\r\n{UPGRADE}\r\n".encode()


class Healthy(asyncio.Protocol):
    """A client that reads whatever comes; what it was sent is told by a hash alone."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.count = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(HANDSHAKE)

    def data_received(self, data: bytes) -> None:
        self.digest.update(data)
        self.count += len(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


async def joined(stage: Asking, count: int, clock: SimClock) -> None:
    """Once so many clients are part of the plan, in simulated time."""
    while sum(len(group.clients) for group in stage.hub.members.plan.groups) != count:
        await clock.sleep(0.01)


async def narrow(port: int) -> Raw:
    """A client with a small window, so that what it does not read is not in the kernel either."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    raw = Raw(*await asyncio.open_connection(sock=sock, limit=4096))
    raw.send(HANDSHAKE)
    raw.head = await raw.reader.readuntil(b"\r\n\r\n")
    return raw


@in_simulated_time
async def test_c01_slow_reader(certhia_clock: SimClock) -> None:
    """10 % of 1,000 clients read a message a second: the others miss nothing and get the same bytes; those who catch up
    are told what they missed, to the message; those who don't are closed. RSS at most 256 KiB a client."""
    if (files := raise_file_limit()) < 3 * (SLOW + HEALTHY):
        pytest.skip(f"1,000 clients and their server need 3,000 files open, and {files:,} are allowed")
    stage = Asking(World(certhia_clock), heartbeat=None, limits=Limits(buffer=64 * KIB, lag=20.0))
    async with stage.running() as port:
        loop, peak = asyncio.get_running_loop(), Peak()
        slow = [await narrow(port) for _ in range(SLOW)]
        await joined(stage, SLOW, certhia_clock)
        for connection in stage.server.streams.connections:
            assert connection._transport is not None
            kernel = connection._transport.get_extra_info("socket")  # that of loopback would take it all
            kernel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        healthy = [(await loop.create_connection(Healthy, "127.0.0.1", port))[1] for _ in range(HEALTHY)]
        reference = await Raw.open(port)
        await joined(stage, SLOW + HEALTHY + 1, certhia_clock)
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(_at_leisure(raw, certhia_clock)) for raw in slow[: SLOW // 2]]
            seen: list[int] = []
            while stage.fed < ENTRIES:
                await stage.feed(AT_ONCE)
                while len(seen) < stage.fed:
                    message = await reference.message()
                    assert message["message_type"] == "certificate_update"
                    seen.append(message["data"]["cert_index"])
            await certhia_clock.sleep(1.0)
            assert seen == list(range(ENTRIES))
            assert len({one.digest.digest() for one in healthy}) == 1
            assert {one.lost for one in healthy} == {False}
            for raw in slow[SLOW // 2 :]:
                assert await _caught_up(raw) == ENTRIES
            while stage.server.too_late < SLOW // 2:
                await certhia_clock.sleep(1.0)
            for task in reading:
                await task
        assert peak.grown <= 256 * KIB * (SLOW + HEALTHY)
        assert stage.server.streams.tallies["lite"].missed > 0
        for one in healthy:
            one.transport.close()
        for raw in (*slow, reference):
            await raw.gone()


async def _at_leisure(raw: Raw, clock: SimClock) -> None:
    """Reads a message a second until it is closed."""
    while (await raw.frame())[0]:
        await clock.sleep(1.0)


async def _caught_up(raw: Raw) -> int:
    """How many messages a client had, or was told that it missed; in order."""
    told = next_ = 0
    while told < ENTRIES:
        message = await raw.message()
        if message["message_type"] == "gap":
            data = message["data"]
            assert data["reason"] == "slow"
            assert int(data["from"].split(":")[1]) == next_
            next_ = int(data["to"].split(":")[1]) + 1
            told += data["missed"]
        else:
            assert message["data"]["cert_index"] == next_
            next_ += 1
            told += 1
    return told


async def stalled(stage: Asking, raw: Raw) -> Connection:
    """A client that has stopped reading, until its connection takes no more."""
    (connection,) = stage.server.streams.connections
    while not connection.client.paused:
        await stage.feed(AT_ONCE)
        await stage.clock.sleep(0.1)
    return connection


@in_simulated_time
async def test_c01_who_says_goodbye_and_never_reads_is_gone(certhia_clock: SimClock) -> None:
    """It keeps no place: after the time for a leave it is cut off."""
    stage = Asking(World(certhia_clock), heartbeat=None)
    async with stage.running() as port:
        raw = await narrow(port)
        await joined(stage, 1, certhia_clock)
        connection = await stalled(stage, raw)
        began = certhia_clock.monotonic()
        raw.send(masked(8, b"\x03\xe8"))
        await connection.over
        assert certhia_clock.monotonic() - began <= PATIENCE + 2.0  # its kernel may take some for a while
        while stage.server.streams.connections or stage.server.front.gate.inside:
            await certhia_clock.sleep(0.1)
        await raw.gone()


@in_simulated_time
async def test_c01_who_wants_nothing_and_never_reads_is_gone(certhia_clock: SimClock) -> None:
    """What stands in its connection counts, though nothing else waits for it."""
    stage = Asking(World(certhia_clock), heartbeat=None)
    async with stage.running() as port:
        raw = await narrow(port)
        await joined(stage, 1, certhia_clock)
        connection = await stalled(stage, raw)
        began = certhia_clock.monotonic()
        raw.send(masked(1, b'{"subscribe": {"rules": ["never-there.invalid"]}}'))
        await connection.over
        assert certhia_clock.monotonic() - began <= Limits().lag + PATIENCE + 2.0
        assert stage.server.too_late == 1
        await raw.gone()


@in_simulated_time
async def test_c01_who_reads_slowly_hears_the_goodbye(certhia_clock: SimClock) -> None:
    """What stands before the goodbye takes longer than a leave: as long as it moves, that is waited for."""
    stage = Asking(World(certhia_clock), heartbeat=None)
    async with stage.running() as port:
        raw = await narrow(port)
        await joined(stage, 1, certhia_clock)
        connection = await stalled(stage, raw)
        began = certhia_clock.monotonic()
        connection.close(1013, "60 s behind")
        last = b""
        while not connection.over.done() and (some := await raw.reader.read(4096)):
            last = some
            await certhia_clock.sleep(0.5)
        assert certhia_clock.monotonic() - began > GOODBYE
        assert last.endswith(b"\x03\xf560 s behind")
        await raw.gone()


def bomb() -> bytes:
    """A message of some 60 KiB that inflates to 64 MiB."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = squeeze.compress(bytes(56 << 20)) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    assert len(data) < 64 * KIB
    return masked(1, data.removesuffix(b"\0\0\xff\xff"), rsv=4)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x82\xff" + (1 << 30).to_bytes(8, "big") + bytes(4) + bytes(100_000),
        masked(1, b"x" * 60, fin=False) + masked(0, b"x" * 60, fin=False) * 2000,
        bomb(),
    ],
    ids=["frame of 1 GiB", "endless fragments", "deflate bomb"],
)
async def test_c02_big_frames(sent: bytes) -> None:
    """A frame of 1 GiB, fragments without end, a message that inflates to 64 MiB: closed with 1009, RSS at most 64 KiB
    a connection."""
    stage = Asking(World(), compression=True)
    async with stage.running() as port:
        grown = 0
        for count in (5, 100):
            peak = Peak()
            clients = [
                await Raw.open(port, headers="Sec-WebSocket-Extensions: permessage-deflate\r\n") for _ in range(count)
            ]
            for raw in clients:
                raw.send(sent)
            for raw in clients:
                first, payload = await raw.frame()
                assert (first, int.from_bytes(payload[:2], "big")) == (0x88, 1009)
            grown = peak.grown
            for raw in clients:
                await raw.gone()
        assert grown <= 100 * 64 * KIB
        assert (await stage.get("/health")).status == 200


async def test_c03_flood_of_pings() -> None:
    """Whoever sends more than 100 frames a second is closed with 1008; the others are served meanwhile."""
    stage = Asking(World())
    async with stage.running() as port:
        other = await Raw.open(port)
        await stage.joined(1)
        floods = [await Raw.open(port) for _ in range(10)]
        for raw in floods:
            raw.send(masked(9, b"are you there?") * (3 * websocket.MAX_FRAMES))
        await stage.feed(1)
        assert (await other.message())["data"]["cert_index"] == 0
        for raw in floods:
            assert await closing(raw) == 1008


@in_simulated_time
async def test_c03_flood_of_subscriptions(certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """One a second is read after the first few, in a thread that no page waits for."""
    read, threads, before = list[float](), set[str](), forms.of_message

    def noted(text: bytes, request: Asked, defaults: Defaults) -> Asked | None:
        read.append(certhia_clock.monotonic())
        threads.add(threading.current_thread().name)
        return before(text, request, defaults)

    monkeypatch.setattr(forms, "of_message", noted)
    stage = Asking(World(certhia_clock), heartbeat=None)
    async with stage.running() as port:
        raw = await Raw.open(port)
        began = certhia_clock.monotonic()
        for number in range(200):
            raw.send(masked(1, b'{"subscribe": {"logs": ["%d*"]}}' % number))
            await certhia_clock.sleep(0.05)
        taken = certhia_clock.monotonic() - began
        await raw.gone()
    assert streams.ASKS <= len(read) <= streams.ASKS + taken + 1
    assert threads == {"core_clients_0"}


async def closing(raw: Raw) -> int:
    """The code that a connection is closed with, whatever comes before."""
    while (frame := await raw.frame())[0] not in (0, 0x88):
        pass
    return int.from_bytes(frame[1][:2], "big")


async def test_c03_flood_of_connections() -> None:
    """An address that connects without end gets as many as it may have; another one is let in at once."""
    world = World()
    front = Front(world.clock, Bounds(total=1000, per_address=400, rate=5.0, burst=50, exempt=()))
    stage = Asking(world, front)
    async with stage.running() as port:
        async with flood(port, "127.0.0.2", 500):
            assert (await get(port, "/health", source="127.0.0.3")).status == 200
            while sum(front.gate.refused.values()) + front.gate.inside < 500:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert front.gate.refused.keys() == {"rate"}
            assert front.gate.inside <= 400
            raw = await Raw.open(port)
            await stage.joined(1)
            await stage.feed(1)
            assert (await raw.message())["data"]["cert_index"] == 0
            await raw.gone()
        while front.gate.inside:  # noqa: ASYNC110
            await asyncio.sleep(0)


@asynccontextmanager
async def flood(port: int, source: str, count: int) -> AsyncIterator[None]:
    """Connections that say nothing."""
    sockets = [socket.socket() for _ in range(count)]
    loop = asyncio.get_running_loop()
    try:
        for one in sockets:
            one.setblocking(False)
            one.bind((source, 0))
            await loop.sock_connect(one, ("127.0.0.1", port))
        yield
    finally:
        for one in sockets:
            one.close()


@in_simulated_time
async def test_c03_half_open_sockets(certhia_clock: SimClock) -> None:
    """Clients that are gone without a word, and so answer no ping, are reclaimed within 40 s."""
    stage = Asking(World(certhia_clock), heartbeat=None)
    async with stage.running() as port:
        gone = [await Raw.open(port) for _ in range(50)]
        await joined(stage, 50, certhia_clock)
        began = certhia_clock.monotonic()
        while stage.server.front.gate.inside:
            await certhia_clock.sleep(1.0)
        assert certhia_clock.monotonic() - began <= 40.0
        assert len(stage.hub.members) == len(stage.server.streams.connections) == 0
        for raw in gone:
            await raw.gone()


@pytest.mark.parametrize(
    "said",
    [HANDSHAKE, b"GET /health HTTP/1.1\r\nX: " + b"y" * 100, b"", b"GET / HTTP/1.1\r\nHost: a\r\n" * 20],
    ids=["a handshake", "one header", "nothing", "headers"],
)
@in_simulated_time
async def test_c04_slowloris(certhia_clock: SimClock, said: bytes) -> None:
    """A byte of a request every 10 s: its place is free within 15 s, and no more than may come in are ever held."""
    world = World(certhia_clock)
    front = Front(world.clock, Bounds(total=30, exempt=()))
    stage = Asking(world, front)
    async with stage.running() as port:
        began = certhia_clock.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(_drip(port, said, certhia_clock))
            await certhia_clock.sleep(5.0)
            assert front.gate.inside == 30
            while front.gate.inside:
                await certhia_clock.sleep(0.5)
            assert certhia_clock.monotonic() - began <= 15.0
            assert (await stage.get("/health")).status == 200
        assert front.gate.refused["total"] == 10


async def _drip(port: int, data: bytes, clock: SimClock) -> None:
    """Sends a byte every 10 s until it is cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(_bytes(writer, data, clock))
        with suppress(ConnectionError):
            await reader.read()
        sending.cancel()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def _bytes(writer: asyncio.StreamWriter, data: bytes, clock: SimClock) -> None:
    for byte in data:
        writer.write(bytes([byte]))
        await clock.sleep(10.0)


@in_simulated_time
async def test_c04_slow_bodies(certhia_clock: SimClock) -> None:
    """What stands behind a request is not waited for: its place is free within 15 s, too."""
    stage = Asking(World(certhia_clock))
    async with stage.running() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx")
        began = certhia_clock.monotonic()
        assert (await reader.readline()).split()[1] == b"200"
        await reader.read()
        assert certhia_clock.monotonic() - began <= 15.0
        assert stage.server.front.gate.inside == 0
        writer.close()
