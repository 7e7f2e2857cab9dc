"""What the kernel keeps of a connection, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest
import trustme

from certhia.stream import kernel
from certhia.stream.client import CHUNK, Block, Client, Limits
from certhia.stream.takeover import Connection
from certhia.stream.websocket import WebSocketFraming
from certhia.testing import SimClock


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
async def test_little_stands_in_the_kernel_and_what_is_taken_is_seen(family: socket.AddressFamily) -> None:
    loop = asyncio.get_running_loop()
    here, there = socket.socketpair(family) if family == socket.AF_UNIX else _tcp()
    here.setblocking(False)
    there.setblocking(False)
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=here)
    kernel.bound(transport)
    assert kernel.untaken(transport) == 0
    transport.write(bytes(8 << 20))
    before = kernel.untaken(transport)
    assert transport.get_write_buffer_size() <= before
    taken = 0
    while taken < 4 << 20:
        taken += len(await loop.sock_recv(there, 1 << 20))
    assert kernel.untaken(transport) < before
    transport.abort()
    there.close()
    await asyncio.sleep(0)
    assert kernel.untaken(transport) == 0


def _tcp() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        return here, server.accept()[0]


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the kernel has no such bound")
async def test_the_bound_is_asked_for() -> None:
    loop = asyncio.get_running_loop()
    here, there = _tcp()
    here.setblocking(False)
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=here)
    kernel.bound(transport)
    assert here.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == kernel.UNSENT
    transport.abort()
    there.close()
    await asyncio.sleep(0)


def test_what_has_no_socket_has_its_own_buffer_only() -> None:
    class Bare(asyncio.Transport):
        def get_write_buffer_size(self) -> int:
            return 7

    kernel.bound(Bare())
    assert kernel.untaken(Bare()) == 7
    assert kernel.straight(Bare()) is None


async def test_straight_to_the_kernel_goes_what_it_takes_and_nothing_past_what_waits() -> None:
    here, there = _tcp()
    here.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=here)
    write = kernel.straight(transport)
    assert write is not None
    assert write(memoryview(b"at once")) == 7
    assert there.recv(99) == b"at once"
    much = memoryview(bytes(32 << 20))
    assert 0 < write(much) < len(much)
    assert write(much) == 0  # full
    transport.write(b"after it")
    assert transport.get_write_buffer_size() == 8
    assert write(memoryview(b"too early")) == 0
    transport.abort()
    assert write(memoryview(b"too late")) == 0
    there.close()
    await asyncio.sleep(0)


async def test_the_transport_finds_out_that_nobody_is_there() -> None:
    here, there = _tcp()
    here.setblocking(False)
    client = Client(WebSocketFraming(), Limits(), SimClock())
    connection = Connection(client, asyncio.get_running_loop())
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=here)
    connection.taken(transport)
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
    there.close()
    for _ in range(3):
        client.send(Block(bytes(4 << 20), 1, None, None, 0.0))
    await connection.over
    assert client.is_closing()
    assert client.waiting == 0


async def test_bytes_stay_in_order_however_they_are_taken() -> None:
    loop = asyncio.get_running_loop()
    here, there = _tcp()
    here.setblocking(False)
    there.setblocking(False)
    client = Client(WebSocketFraming(), Limits(), SimClock())
    connection = Connection(client, loop)
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=here)
    connection.taken(transport)
    blocks = [bytes([number]) * (CHUNK // 3 * (1 + number * number % 29)) for number in range(40)]
    got = bytearray()
    for number, data in enumerate(blocks):
        client.send(Block(data, 1, None, None, 0.0))
        if number % 3 == 0 and client.waiting:
            got += await loop.sock_recv(there, 300_000)
    assert client.waiting
    whole = b"".join(blocks)
    while len(got) < len(whole):
        got += await loop.sock_recv(there, 1 << 20)
    assert got == whole
    assert client.waiting == 0
    transport.abort()
    there.close()
    await connection.over


async def test_what_is_encrypted_goes_by_its_transport() -> None:
    loop, ca = asyncio.get_running_loop(), trustme.CA()
    inward, outward = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    ca.issue_cert("a.example").configure_cert(inward)
    ca.configure_trust(outward)
    client = Client(WebSocketFraming(), Limits(), SimClock())
    connection = Connection(client, loop)

    class Greeting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            assert kernel.straight(transport) is None
            connection.taken(transport)
            client.send(Block(b"x" * (1 << 20), 1, None, None, 0.0))

    server = await loop.create_server(Greeting, "127.0.0.1", 0, ssl=inward)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=outward, server_hostname="a.example")
    assert await reader.readexactly(1 << 20) == b"x" * (1 << 20)
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    await connection.over
