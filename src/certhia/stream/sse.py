"""Server-sent events (HTML, section 9.2): `/sse?stream=lite|full|domains`."""

from __future__ import annotations

import asyncio
from typing import Final

from certhia.stream.client import Client
from certhia.stream.takeover import GOODBYE, Connection

MAX_INBOUND: Final = 1024  # bytes; whoever has asked has nothing more to say

PING_EVERY: Final = 15.0  # seconds between comments

HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "Connection": "close",
    "X-Accel-Buffering": "no",  # a proxy that holds back events helps nobody
}


class Events:
    """How messages stand in an event stream."""

    name: Final = "sse"
    ping: Final = b":\n\n"

    def message(self, text: bytes) -> bytes:
        """An event without an id: it does not move the place to return to."""
        return b"data: %b\n\n" % text

    def closing(self, _code: int, reason: str) -> bytes:
        """A comment: the protocol has no goodbye, and browsers come again by themselves."""
        return b": %b\n\n" % reason.encode("ascii", "replace").replace(b"\n", b" ") if reason else b""


class EventStream(Connection):
    """An event stream's connection."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(client, loop)
        self._heard = 0
        self._asked = loop.time()

    def close(self, code: int, reason: str, *, patience: float = GOODBYE) -> None:
        """Ends the stream once what was begun is written."""
        super().close(code, reason, patience=patience)
        if self._transport is not None:
            self._transport.close()

    def ping(self, now: float) -> None:
        """A comment now and then keeps what is in between from closing an idle connection."""
        if now - self._asked >= PING_EVERY:
            self.client.write(self.client.framing.ping)
            self._asked = now

    def data_received(self, data: bytes) -> None:
        """Nothing is expected; a little is ignored."""
        self._heard += len(data)
        if self._heard > MAX_INBOUND and self._transport is not None:
            self._transport.abort()

    def eof_received(self) -> bool:
        """Whoever shut down their side may still listen, but nobody does so."""
        return False
