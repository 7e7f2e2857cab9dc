"""Sockets: several at once, TLS, bounds of what a request may be and how long it may take."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from tests.stream.asking import Answer, Asking, get, over
from tests.stream.rig import UPGRADE

from certhia.clock import Clock
from certhia.config.listen import Listen
from certhia.errors import ConfigError
from certhia.stream import listener
from certhia.stream.access import Rules
from certhia.stream.front import LOCAL, USUAL, Front
from certhia.stream.gate import Bounds, Gate
from certhia.stream.listener import ASK_WITHIN, HANDSHAKE_WITHIN, context
from certhia.stream.server import Server
from certhia.stream.terms import Terms
from certhia.testing import SimClock, World, in_simulated_time


class Pair(NamedTuple):
    """A certificate of 127.0.0.1 in files, and what a client of it trusts."""

    cert: Path
    key: Path
    client: ssl.SSLContext


def pair(folder: Path) -> Pair:
    ca, folder = trustme.CA(), folder / "tls"
    folder.mkdir(exist_ok=True)
    made = ca.issue_cert("127.0.0.1")
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    made.private_key_pem.write_to_path(key)
    client = ssl.create_default_context()
    ca.configure_trust(client)
    return Pair(cert, key, client)


def listening(*addresses: Listen) -> Asking:
    stage = Asking(World())
    stage.server = Server(stage.hub, Terms(addresses, stage.terms().paths), stage.clock, stage._say)
    return stage


async def opened(port: int, source: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))


async def inside(stage: Asking, count: int) -> None:
    """Once so many connections are inside."""
    while stage.server.front.gate.inside != count:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def through(stage: Asking, client: ssl.SSLContext | None, path: str) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port, ssl=client)
    try:
        return await over(reader, writer, path)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_tls_follows_its_certificate(tmp_path: Path) -> None:
    old = pair(tmp_path)
    now = [context(old.cert, old.key)]
    world = World()
    stage = Asking(world, Front(world.clock, tls=lambda: now[0]))
    async with stage.running() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=old.client)
        writer.write(f"GET / HTTP/1.1\r\n{UPGRADE}\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        await stage.joined(1)
        new = pair(tmp_path)
        now[0] = context(new.cert, new.key)
        assert (await through(stage, new.client, "/health")).status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            await through(stage, old.client, "/health")
        await stage.feed(1)
        assert b"host0.example.com" in await reader.read(1 << 16), "who is there stays"
        writer.close()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await get(port, "/health")
        await inside(stage, 0)


@pytest.mark.parametrize(
    "cert, key, said",
    [
        (b"no certificate", None, "is no certificate with its key"),
        (None, None, "cannot be read: No such file or directory; see --tls-cert"),
        ("good", b"no key", "is no certificate with its key"),
    ],
)
def test_what_is_no_certificate(tmp_path: Path, cert: bytes | str | None, key: bytes | None, said: str) -> None:
    made = pair(tmp_path)
    if cert is None:
        made.cert.unlink()
    elif isinstance(cert, bytes):
        made.cert.write_bytes(cert)
    if key is not None:
        made.key.write_bytes(key)
    with pytest.raises(ConfigError, match=said):
        context(made.cert, made.key)


class Scarce(socket.socket):
    """A socket that listens in a process whose file descriptors are used up at first."""

    tries = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.tries += 1
        if self.tries == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def test_without_file_descriptors_those_who_come_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is lost, and the loop does not spin meanwhile: asking again is left for a while."""
    monkeypatch.setattr(listener, "EXHAUSTED_FOR", 0.0)
    here = listener.Listener([], Gate(Bounds(), Clock()))
    one = Scarce()
    one.bind(("127.0.0.1", 0))
    one.setblocking(False)
    one.listen()
    here._sockets.append(one)
    arrived = asyncio.get_running_loop().create_future()

    def take(connection: socket.socket, peer: object) -> None:
        connection.close()
        arrived.set_result(peer)

    monkeypatch.setattr(here, "_arrived", take)
    here._await(one)
    _, writer = await asyncio.open_connection(*one.getsockname())
    assert await arrived == writer.get_extra_info("sockname")
    assert one.tries == 3  # refused by the system, taken, and nobody more
    writer.close()
    await here.stop()


async def test_a_name_without_an_address_here_is_a_config_error() -> None:
    stage = listening(Listen("192.0.2.77", 0))
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.77:0: .*; give another address with --listen"):
        await stage.server.start()


async def test_several_addresses(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    addresses = (Listen("127.0.0.1", 0), Listen("::1", 0), Listen(None, 0, str(path)))
    stage = listening(*addresses)
    async with stage.running():
        first, second, third = stage.server.addresses
        for reader, writer in (
            await asyncio.open_connection(first.host, first.port),
            await asyncio.open_connection(second.host, second.port),
            await asyncio.open_unix_connection(third.path),
        ):
            assert (await over(reader, writer, "/")).status == 426
            writer.close()
    assert not path.exists()
    assert (first.host, second.host) == ("127.0.0.1", "::1")


async def test_an_address_that_is_taken_lets_go_of_the_others() -> None:
    async with listening(Listen("127.0.0.1", 0)).running() as port:
        with pytest.raises(ConfigError, match=r"cannot listen on 127\.0\.0\.1:"):
            await listening(Listen("::1", port), Listen("127.0.0.1", port)).server.start()
        async with listening(Listen("::1", port)).running():
            pass


@pytest.mark.parametrize(
    "request_, status",
    [
        (b"GET /" + b"x" * (listener.MAX_LINE + 10) + b" HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (listener.MAX_HEADER + 10) + b"\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * (listener.MAX_HEADERS + 2) + b"\r\n", 400),
        (b"\x16\x03\x01 what TLS would say\r\n\r\n", 400),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    ],
)
async def test_what_a_request_may_be(request_: bytes, status: int) -> None:
    stage = Asking(World())
    async with stage.running() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_)
        assert (await reader.readline()).split()[1] == str(status).encode()
        writer.close()


async def test_who_finds_no_room_is_told() -> None:
    world = World()
    front = Front(world.clock, Bounds(total=3, per_address=1, exempt=()))
    stage = Asking(world, front)
    async with stage.running() as port:
        held = [await opened(port, f"127.0.0.{number}") for number in (2, 3, 4)]
        await inside(stage, 3)
        said = []
        for source in ("127.0.0.5", "127.0.0.4"):
            reader, writer = await opened(port, source)
            said.append(await reader.read())
            writer.close()
            if source == "127.0.0.5":
                held.pop(0)[1].close()
                await inside(stage, 2)
        for _, writer in held:
            writer.close()
    assert said[0].startswith(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30")
    assert said[1].startswith(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30")
    assert said[1].endswith(b"Content-Length: 37\r\n\r\ntoo many connections of your address\n")
    assert len(said[0].split(b"\r\n\r\n")[1]) == 31
    assert dict(front.gate.refused) == {"total": 1, "address": 1}


@in_simulated_time
async def test_a_handshake_that_never_ends(certhia_clock: SimClock, tmp_path: Path) -> None:
    made, world = pair(tmp_path), World(certhia_clock)
    now = context(made.cert, made.key)
    front = Front(world.clock, USUAL, tls=lambda: now)
    stage = Asking(world, front)
    async with stage.running() as port:
        began = certhia_clock.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        assert certhia_clock.monotonic() - began <= HANDSHAKE_WITHIN + 1.0
        assert front.gate.inside == 0
        writer.close()


@in_simulated_time
async def test_a_proxys_connection_is_not_kept_for_nothing(certhia_clock: SimClock) -> None:
    world = World(certhia_clock)
    stage = Asking(world, Front(world.clock, rules=Rules(proxies=LOCAL)))
    async with stage.running() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            assert (await over(reader, writer, "/health")).status == 200
        began = certhia_clock.monotonic()
        assert await reader.read() == b""
        assert certhia_clock.monotonic() - began <= ASK_WITHIN + 1.0
        writer.close()
