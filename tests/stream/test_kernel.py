"""What the kernel keeps of a connection, over real sockets."""

from __future__ import annotations

import asyncio
import socket

import pytest

from certhia.stream import kernel


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
