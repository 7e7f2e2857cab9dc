"""Sockets: where connections come in, whether there is room for them, their TLS, and how long they may take to ask.

    socket ──▶ Listener: gate, TLS ──▶ Guest: HTTP by aiohttp ──▶ what answers (a stream takes the connection over)

A connection is counted before anything is made for it, and for one that is refused nothing is: ten thousand of them a
second must leave others their turn. Whoever has not sent a whole request after `ASK_WITHIN` seconds is cut off,
whatever it sent.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable, Sequence
from contextlib import suppress
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
BACKLOG: Final = 4096  # connections that wait in the kernel
NOT_HERE: Final = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}
EXHAUSTED: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
EXHAUSTED_FOR: Final = 1.0  # seconds that nobody is taken after that
AT_ONCE: Final = 256  # of them that are taken before others have their turn
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
        self._sockets: list[socket.socket] = []
        self._arriving: set[asyncio.Task[None]] = set()
        self._http: web.Server | None = None
        # What strangers send that is no HTTP is nobody's concern.
        self._silent = logging.Logger("certhia.serve", logging.CRITICAL + 1)

    @property
    def addresses(self) -> list[Listen]:
        """Where it listens, with the ports that it was given."""
        return [_of(one) for one in self._sockets]

    async def start(self, http: web.Server) -> None:
        """Listens. Raises ConfigError where it can't."""
        self._http = http
        if self._tls is not None:
            SSLProtocol.max_size = min(SSLProtocol.max_size, TLS_BUFFER)  # there is no option for it
        for listen in self._wanted:
            try:
                self._sockets += await opened(listen)
            except OSError as error:
                await self.stop()
                why = error.strerror or str(error)
                raise ConfigError(f"cannot listen on {listen}: {why}; give another address with --listen") from error
        for one in self._sockets:
            self._await(one)

    async def stop(self) -> None:
        """Takes no more connections."""
        loop = asyncio.get_running_loop()
        for one in self._sockets:
            path = str(one.getsockname()) if one.family == socket.AF_UNIX else ""
            loop.remove_reader(one)
            one.close()
            if path:
                await asyncio.to_thread(Path(path).unlink, missing_ok=True)
        self._sockets.clear()
        for task in tuple(self._arriving):
            task.cancel()

    def _await(self, one: socket.socket) -> None:
        if one in self._sockets:
            asyncio.get_running_loop().add_reader(one, self._take, one)

    def _take(self, one: socket.socket) -> None:
        """Takes some of the connections that wait, and then others have their turn."""
        for _ in range(AT_ONCE):
            try:
                connection, peer = one.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise
                loop = asyncio.get_running_loop()
                loop.remove_reader(one)  # those who wait go on waiting
                loop.call_later(EXHAUSTED_FOR, self._await, one)
                return
            self._arrived(connection, peer)

    def _arrived(self, connection: socket.socket, peer: object) -> None:
        is_local = connection.family == socket.AF_UNIX
        address = None if is_local else peer_of(peer)
        if address is None and not is_local:  # it has gone already
            connection.close()
            return
        slot = self._gate.enter(None if self._is_proxy(address) else address)
        if isinstance(slot, str):
            self._refuse(connection, slot)
            return
        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._let_in(connection, slot, is_local=is_local))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    def _refuse(self, connection: socket.socket, reason: str) -> None:
        """Says why, where that can be understood, in what the kernel takes at once."""
        with connection, suppress(OSError):
            if self._tls is None and reason in _SAID:
                connection.setblocking(False)
                connection.send(_SAID[reason])
                connection.shutdown(socket.SHUT_WR)

    async def _let_in(self, connection: socket.socket, slot: Slot, *, is_local: bool) -> None:
        """TLS where it is wanted, then HTTP."""
        context = None if self._tls is None or is_local else self._tls()
        try:
            async with asyncio.timeout(2 * HANDSHAKE_WITHIN):  # asyncio's own is for the handshake alone
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: self._guest(slot),
                    connection,
                    ssl=context,
                    ssl_handshake_timeout=HANDSHAKE_WITHIN if context is not None else None,
                    ssl_shutdown_timeout=HANDSHAKE_WITHIN if context is not None else None,
                )
        except (OSError, TimeoutError, asyncio.CancelledError):  # what strangers do is nobody's concern
            connection.close()
            self._gate.leave(slot)

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


async def opened(listen: Listen) -> list[socket.socket]:
    """Sockets that listen, one of each address that a name stands for. Raises OSError."""
    if listen.path:
        return [_unix(listen.path)]
    found = await asyncio.get_running_loop().getaddrinfo(
        listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    out, missing = list[socket.socket](), OSError(errno.EADDRNOTAVAIL, "it stands for no address")
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                out.append(_bound(family, address))
            except OSError as error:
                if error.errno not in NOT_HERE:
                    raise
                missing = error  # a machine without IPv6, say
        if not out:
            raise missing
    except OSError:
        for one in out:
            one.close()
        raise
    return out


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        return _listening(one, address)
    except OSError:
        one.close()
        raise


def _unix(path: str) -> socket.socket:
    """A socket in the file system, in the place of one that nobody listens on any more."""
    with suppress(FileNotFoundError):
        if Path(path).is_socket():
            Path(path).unlink()
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        return _listening(one, path)
    except OSError:
        one.close()
        raise


def _listening(one: socket.socket, address: tuple[object, ...] | str) -> socket.socket:
    one.bind(address)
    one.setblocking(False)
    one.listen(BACKLOG)
    return one


def _of(one: socket.socket) -> Listen:
    name = one.getsockname()
    if one.family == socket.AF_UNIX:
        return Listen(None, 0, str(name))
    return Listen(str(name[0]), int(name[1]))
