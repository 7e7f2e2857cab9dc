"""Connections to certstream servers: WebSockets and event streams, message by message, bounded in size and in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

from certhia.certstream.address import Address
from certhia.clock import Clock
from certhia.errors import RemoteError

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse

    from certhia.net import Http

MAX_MESSAGE: Final = 16 << 20  # bytes: a certificate of 100,000 names with its chain has less
CONNECT: Final = 30.0  # seconds until a server must have agreed
SILENCE: Final = 120.0  # seconds without any message: then the connection is taken for dead
PING: Final = 20.0  # seconds between pings to a WebSocket server; it has half as long to answer


class Cut(RemoteError):
    """A connection that ended; the text says how, without the URL. `code`: of the server's close frame; 0 without."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class Incoming(Protocol):
    """The messages of one connection."""

    async def receive(self) -> str | bytes:
        """The next message. Raises Cut once there is none, or none in time."""


@asynccontextmanager
async def connected(http: Http, address: Address, cursor: str, clock: Clock) -> AsyncIterator[Incoming]:
    """A connection, from the cursor on where there is one. Raises Cut where there is none to be had."""
    import aiohttp  # noqa: PLC0415  (only who reads streams pays for it)

    session, route = http.lasting(address.since(cursor))
    try:
        if address.is_events:
            async with clock.deadline(CONNECT):
                answer = await session.get(
                    route.url,
                    headers={"Accept": "text/event-stream"},
                    allow_redirects=False,
                    proxy=route.proxy,
                    ssl=route.trust,
                )
            try:
                yield _events(answer, clock)
            finally:
                answer.close()
        else:
            socket = await _agreed(session, http, address.since(cursor), clock)
            try:
                yield _WebSocket(socket, clock)
            finally:
                await _hung_up(socket, clock)
    except TimeoutError:
        raise Cut(f"no answer within {CONNECT:g} s") from None
    except aiohttp.WSServerHandshakeError as error:
        raise Cut(f"refused with status {error.status}: no certstream there, or not for us") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Cut(str(error)[:200] or type(error).__name__) from error


async def _agreed(session: ClientSession, http: Http, url: str, clock: Clock) -> ClientWebSocketResponse:
    _, route = http.lasting(url)
    async with clock.deadline(CONNECT):
        return await session.ws_connect(
            route.url, max_msg_size=MAX_MESSAGE, heartbeat=PING, proxy=route.proxy, ssl=route.trust, autoclose=False
        )


async def _hung_up(socket: ClientWebSocketResponse, clock: Clock) -> None:
    try:
        async with clock.deadline(1.0):
            await socket.close()
    except TimeoutError:
        return  # it has heard, or never will


class _WebSocket:
    def __init__(self, socket: ClientWebSocketResponse, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock

    async def receive(self) -> str | bytes:
        from aiohttp import WSMsgType  # noqa: PLC0415

        try:
            async with self._clock.deadline(SILENCE):
                message = await self._socket.receive()
        except TimeoutError:
            raise Cut(f"no message within {SILENCE:g} s") from None
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            data: str | bytes = message.data
            return data
        if message.type is WSMsgType.CLOSE:
            reason = f": {ascii(message.extra)[1:-1][:123]}" if message.extra else ""
            raise Cut(f"closed by the server with {message.data}{reason}", int(message.data or 0))
        error = self._socket.exception()
        raise Cut(f"cut: {str(error)[:120] or type(error).__name__}" if error is not None else "cut")


def _events(answer: ClientResponse, clock: Clock) -> _Events:
    if answer.status != 200 or answer.content_type != "text/event-stream":
        raise Cut(f"status {answer.status} and {ascii(answer.content_type)[:80]} where an event stream is due")
    return _Events(answer, clock)


class _Events:
    """Server-sent events (HTML, section 9.2); of each the data alone."""

    def __init__(self, answer: ClientResponse, clock: Clock) -> None:
        self._answer = answer
        self._clock = clock
        self._data = bytearray()

    async def receive(self) -> bytes:
        try:
            async with self._clock.deadline(SILENCE):
                while True:
                    if (event := self._event()) is not None:
                        return event
                    chunk = await self._answer.content.readany()
                    if not chunk:
                        raise Cut("ended by the server")
                    self._data += chunk.replace(b"\r\n", b"\n")
                    if len(self._data) > MAX_MESSAGE:
                        raise Cut(f"an event of more than {MAX_MESSAGE >> 20} MiB")
        except TimeoutError:
            raise Cut(f"no message within {SILENCE:g} s") from None

    def _event(self) -> bytes | None:
        """The next whole event that has data."""
        start = 0
        while (end := self._data.find(b"\n\n", start)) >= 0:
            lines = bytes(self._data[start:end]).split(b"\n")
            start = end + 2
            data = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
            if data:
                del self._data[:start]
                return b"\n".join(data)
        del self._data[:start]
        return None
