"""What the kernel keeps of a connection: how much it may, how much of it the other side has not taken yet, and how it
is given much at once."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import struct
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Final

UNSENT: Final = 64 << 10
"""Bytes that the kernel keeps of a connection besides what is on its way: what stands there can't be taken back, and a
goodbye comes after it. What is on its way is as much as the way is long."""

Straight = Callable[[memoryview], int]
"""Gives the kernel bytes and says how many it took."""

_COUNT = struct.Struct("i")


def bound(transport: asyncio.Transport) -> None:
    """Lets little stand in the kernel, where that can be asked for."""
    sock = transport.get_extra_info("socket")
    if sock is None:
        return
    with suppress(OSError):  # it has gone, or the kernel knows no such thing: then it keeps more
        if sock.family == socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT)
        elif hasattr(socket, "TCP_NOTSENT_LOWAT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)


def untaken(transport: asyncio.Transport) -> int:
    """Bytes that were written to a connection and that the other side's kernel has not taken."""
    waiting = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return waiting
    try:
        return waiting + int(_COUNT.unpack(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(_COUNT.size)))[0])
    except OSError:
        return waiting


def straight(transport: asyncio.Transport) -> Straight | None:
    """What writes to a connection's socket past its transport, nothing while that still has something to write; None
    where the transport makes something else of the bytes (TLS), or has no socket. To be used while it is connected."""
    sock = transport.get_extra_info("socket")
    if sock is None or any(transport.get_extra_info(name) is not None for name in ("sslcontext", "ssl_object")):
        return None

    def write(data: memoryview) -> int:
        if transport.is_closing() or transport.get_write_buffer_size():
            return 0
        try:
            return os.write(sock.fileno(), data)
        except OSError:  # it takes nothing now, or it is over: the transport finds out
            return 0

    return write
