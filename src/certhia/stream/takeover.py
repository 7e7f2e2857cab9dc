"""A connection taken over from aiohttp once its request is read: from then on its transport is written to directly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from certhia.stream.client import Client
from certhia.stream.frames import POLICY

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

GOODBYE: Final = 5.0  # seconds that a client has to take leave; then its connection is cut
PATIENCE: Final = 60.0  # seconds at most for one who takes what stands before the goodbye, however slowly


class Connection(asyncio.Protocol):
    """A connection that is a client's. What comes in is for those below; this one knows how it ends."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self.client = client
        self.over: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._before: asyncio.BaseProtocol | None = None
        self._cut: asyncio.TimerHandle | None = None

    def taken(self, transport: asyncio.Transport) -> None:
        """From now on the connection is this client's; aiohttp hears of its end only."""
        self._before = transport.get_protocol()
        self._transport = transport
        transport.set_protocol(self)
        transport.resume_reading()
        self.client.connected(transport)

    def close(self, code: int, reason: str, *, patience: float = GOODBYE) -> None:
        """Says goodbye; the connection is cut after `patience` seconds, if that is GOODBYE once it takes no more."""
        now = self._loop.time()
        if self._transport is None or (self._cut is not None and self._cut.when() <= now + patience):
            return
        self.client.close(code, reason)
        self.client.moves()  # from here on
        if self._cut is not None:
            self._cut.cancel()
        last = now + PATIENCE if patience >= GOODBYE else now
        self._cut = self._loop.call_later(patience, self._leave, last)

    def refuse(self, text: str) -> None:
        """Ends the connection for what the client asks for (1008), and says why."""
        self.close(POLICY, text)

    def _leave(self, last: float) -> None:
        """Cuts the connection, unless it has taken bytes since this was asked before and `last` is not past."""
        if self.client.moves() and self._loop.time() + GOODBYE <= last:
            self._cut = self._loop.call_later(GOODBYE, self._leave, last)
        else:
            self.cut()

    def ping(self, now: float) -> None:
        """Shows that somebody is there, where nothing else does. `now`: the loop's time."""

    def cut(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        self.client.pause()

    def resume_writing(self) -> None:
        self.client.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._cut is not None:
            self._cut.cancel()
        self.client.gone()
        if self._before is not None:
            self._before.connection_lost(exc)
        if not self.over.done():
            self.over.set_result(None)


class Takeover(web.StreamResponse):
    """The answer after which a connection is a client's. `prepare` sends its head; nothing else of it is ever sent."""

    def __init__(self, status: int, headers: Mapping[str, str], connection: Connection) -> None:
        super().__init__(status=status, headers=headers)
        self._connection = connection
        self._taken = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Sends the head and takes the connection. Raises ConnectionResetError where it is gone already."""
        if self._taken:
            return None
        self._taken = True
        assert isinstance(request, web.Request)
        await request.app.on_response_prepare.send(request, self)
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has gone")
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        transport.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        self._connection.taken(transport)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """The connection is over by now."""
