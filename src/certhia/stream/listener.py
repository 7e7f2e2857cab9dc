"""Sockets: where connections come in, whether there is room for them, their TLS, and how long they may take to ask.

    socket ──▶ Door: gate, TLS ──▶ Guest: HTTP by aiohttp ──▶ what answers (a stream takes the connection over)

A connection is counted before anything of it is read. Whoever has not sent a whole request after `ASK_WITHIN` seconds
is cut off, whatever it sent.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from asyncio.trsock import TransportSocket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, cast

from aiohttp import web

from certhia.config.listen import Listen
from certhia.config.networks import Address
from certhia.errors import ConfigError
from certhia.stream import gate
from certhia.stream.access import peer_of
from certhia.stream.gate import Gate, Slot

HANDSHAKE_WITHIN: Final = 5.0  # seconds for TLS
ASK_WITHIN: Final = 10.0  # seconds for a whole request's head, also for the next one of a connection
LINGER: Final = 2.0  # seconds that what a request brings besides is read, and thrown away
MAX_LINE: Final = 32 << 10  # bytes of a request's first line: filters are long
MAX_HEADER: Final = 8 << 10  # bytes of one header
MAX_HEADERS: Final = 64
MAX_UNREAD: Final = 16 << 10  # bytes of a request's body that wait to be thrown away
BACKLOG: Final = 1024  # connections that wait in the kernel
AT_ONCE: Final = 64  # of them that are taken before others have their turn
SERVER: Final = "certhia"  # what it calls itself: nobody needs to know which Python or aiohttp runs it
TLS_BUFFER: Final = 64 << 10  # bytes that a TLS connection sets aside for reading; asyncio's own are 256 KiB

_HEAD: Final = b"HTTP/1.1 %b\r\nRetry-After: 30\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
_SAID: Final = {
    gate.TOTAL: _HEAD % (b"503 Service Unavailable", 31, b"there are too many clients now\n"),
    gate.ADDRESS: _HEAD % (b"429 Too Many Requests", 37, b"too many connections of your address\n"),
}


class Guest(web.RequestHandler):
    """A connection's HTTP; frees its place when it is gone."""

    __slots__ = ("_left",)

    def __init__(self, server: web.Server, left: Callable[[], None], logger: logging.Logger) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=ASK_WITHIN,
            logger=logger,
            access_log=cast("logging.Logger", None),  # what the runner gives, too
            max_line_size=MAX_LINE,
            max_field_size=MAX_HEADER,
            max_headers=MAX_HEADERS,
            lingering_time=LINGER,
            read_bufsize=MAX_UNREAD,
            auto_decompress=False,
            timeout_ceil_threshold=3600.0,
        )
        self._left = left

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no request, which nothing else of ours sees."""
        answer = super().handle_error(request, status, exc, message)
        answer.headers["Server"] = SERVER
        return answer

    def connection_lost(self, exc: BaseException | None) -> None:
        """Also where a stream has taken the connection over."""
        super().connection_lost(exc)
        self._left()


class Door(asyncio.Protocol):
    """A connection that nobody has let in yet."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Lets it in or not."""
        assert isinstance(transport, asyncio.Transport)
        self._listener.arrived(transport)


class Listener:
    """All sockets that a server listens on.

    `tls`: gives the context of now, so that a new certificate counts from the next connection on; None for plain
    connections. Unix sockets are always plain.
    """

    def __init__(
        self,
        addresses: Sequence[Listen],
        gate: Gate,
        *,
        tls: Callable[[], ssl.SSLContext] | None = None,
        is_proxy: Callable[[Address | None], bool] = lambda _: False,
    ) -> None:
        self._wanted = tuple(addresses)
        self._gate = gate
        self._tls = tls
        self._is_proxy = is_proxy
        self._servers: list[asyncio.Server] = []
        self._shaking: set[asyncio.Task[None]] = set()
        self._http: web.Server | None = None
        # What strangers send that is no HTTP is nobody's concern.
        self._silent = logging.Logger("certhia.serve", logging.CRITICAL + 1)

    @property
    def addresses(self) -> list[Listen]:
        """Where it listens, with the ports that it was given."""
        return [_of(one) for server in self._servers for one in server.sockets]

    async def start(self, http: web.Server) -> None:
        """Listens. Raises ConfigError where it can't."""
        self._http = http
        loop = asyncio.get_running_loop()
        if self._tls is not None:
            SSLProtocol.max_size = min(SSLProtocol.max_size, TLS_BUFFER)  # there is no option for it
        for listen in self._wanted:
            try:
                if listen.path:
                    server = await loop.create_unix_server(self._door, listen.path, backlog=AT_ONCE)
                else:
                    server = await loop.create_server(self._door, listen.host, listen.port, backlog=AT_ONCE)
            except OSError as error:
                await self.stop()
                why = error.strerror or str(error)
                raise ConfigError(f"cannot listen on {listen}: {why}; give another address with --listen") from error
            self._servers.append(server)
            for one in server.sockets:
                _deepen(one.fileno())

    async def stop(self) -> None:
        """Takes no more connections."""
        for server in self._servers:
            paths = [str(one.getsockname()) for one in server.sockets if one.family == socket.AF_UNIX]
            server.close()
            for path in paths:
                await asyncio.to_thread(Path(path).unlink, missing_ok=True)
        self._servers.clear()
        for task in tuple(self._shaking):
            task.cancel()

    def _door(self) -> Door:
        return Door(self)

    def arrived(self, transport: asyncio.Transport) -> None:
        """A connection came in."""
        is_local = transport.get_extra_info("socket").family == socket.AF_UNIX
        address = None if is_local else peer_of(transport.get_extra_info("peername"))
        if address is None and not is_local:  # it has gone already
            transport.abort()
            return
        slot = self._gate.enter(None if self._is_proxy(address) else address)
        if isinstance(slot, str):
            if self._tls is None and slot in _SAID:
                transport.write(_SAID[slot])
                transport.close()
            else:
                transport.abort()
            return
        if self._tls is None or is_local:
            guest = self._guest(slot)
            transport.set_protocol(guest)
            guest.connection_made(transport)
            return
        task = asyncio.get_running_loop().create_task(self._shake(transport, slot, self._tls()))
        self._shaking.add(task)
        task.add_done_callback(self._shaking.discard)

    async def _shake(self, transport: asyncio.Transport, slot: Slot, context: ssl.SSLContext) -> None:
        """TLS, then HTTP."""
        guest, loop = self._guest(slot), asyncio.get_running_loop()
        try:
            async with asyncio.timeout(HANDSHAKE_WITHIN):
                inner = await loop.start_tls(
                    transport, guest, context, server_side=True, ssl_shutdown_timeout=HANDSHAKE_WITHIN
                )
        except (OSError, TimeoutError, asyncio.CancelledError):  # what strangers do is nobody's concern
            transport.abort()
            self._gate.leave(slot)
            return
        if inner is None or inner.is_closing():
            self._gate.leave(slot)
            return
        guest.connection_made(inner)

    def _guest(self, slot: Slot) -> Guest:
        assert self._http is not None
        return Guest(self._http, lambda: self._gate.leave(slot), self._silent)


def context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """What TLS connections are made with; `key`: None where it is in the certificate's file. Raises ConfigError."""
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.set_alpn_protocols(["http/1.1"])
    named = str(certificate) if key is None else f"{certificate} with the key {key}"
    try:
        made.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        why = error.reason or str(error)
        raise ConfigError(
            f"{named}: is no certificate with its key ({why}); give PEM files with --tls-cert and --tls-key"
        ) from error
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ConfigError(f"{named}: cannot be read: {why}; see --tls-cert and --tls-key") from error
    return made


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is asked for passwords; store it without one")


def _of(one: TransportSocket | socket.socket) -> Listen:
    name = one.getsockname()
    if one.family == socket.AF_UNIX:
        return Listen(None, 0, str(name))
    return Listen(str(name[0]), int(name[1]))


def _deepen(number: int) -> None:
    """asyncio takes as many connections at once as may wait in the kernel; few of one, many of the other are wanted."""
    with socket.socket(fileno=os.dup(number)) as same:
        same.listen(BACKLOG)
