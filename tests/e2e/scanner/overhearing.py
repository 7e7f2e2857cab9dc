"""A relay before a server, which keeps what the server sends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress

LOOPBACK = "127.0.0.1"
_MOST = 64  # connections


@contextmanager
def overheard(port: int) -> Iterator[tuple[int, list[bytearray]]]:
    """The relay's port, and what came by each of its connections, in the order in which they were opened."""
    sent: list[bytearray] = []
    with ThreadPoolExecutor(3 * _MOST) as threads, socket.create_server((LOOPBACK, 0)) as door:
        threads.submit(_serve, threads, door, port, sent)
        yield door.getsockname()[1], sent
        door.shutdown(socket.SHUT_RDWR)


def _serve(threads: ThreadPoolExecutor, door: socket.socket, port: int, sent: list[bytearray]) -> None:
    with suppress(OSError):  # the door is shut
        while len(sent) < _MOST:
            client, _ = door.accept()
            server = socket.create_connection((LOOPBACK, port))
            sent.append(bytearray())
            threads.submit(_relay, threads, client, server, sent[-1])


def _relay(threads: ThreadPoolExecutor, client: socket.socket, server: socket.socket, kept: bytearray) -> None:
    with client, server:
        wait([threads.submit(_carry, client, server, None), threads.submit(_carry, server, client, kept)])


def _carry(source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
    with suppress(OSError):  # one of them has hung up
        while data := source.recv(65_536):
            if kept is not None:
                kept += data
            sink.sendall(data)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
