"""A certstream server on loopback that does what a test says: good messages, bad ones, cuts, silence."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from certhia.testing.ca import Issued

Play = Callable[["Line"], Awaitable[None]]


class Line:
    """One client's connection. `number` counts connections from 0; `query` is what it asked with."""

    def __init__(self, number: int, request: web.Request) -> None:
        self.number = number
        self.query = dict(request.query)
        self._request = request
        self._socket: web.WebSocketResponse | None = None
        self._events: web.StreamResponse | None = None

    async def begin(self) -> web.StreamResponse:
        """Takes the connection: a WebSocket, or events for whoever asks for these."""
        if "text/event-stream" in self._request.headers.get("Accept", ""):
            self._events = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await self._events.prepare(self._request)
            return self._events
        self._socket = web.WebSocketResponse(max_msg_size=1 << 16)
        await self._socket.prepare(self._request)
        return self._socket

    async def say(self, *messages: object) -> None:
        """Sends messages; texts as they are, all else as JSON."""
        for one in messages:
            text = one if isinstance(one, str) else json.dumps(one)
            if self._socket is not None:
                await self._socket.send_str(text)
            elif self._events is not None:
                await self._events.write(f"data: {text}\n\n".encode())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Says goodbye."""
        if self._socket is not None:
            await self._socket.close(code=code, message=reason.encode())

    def cut(self) -> None:
        """Ends the connection without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def hold(self) -> None:
        """Stays silent until the client goes."""
        if self._socket is not None:
            await self._socket.receive()
        else:
            await asyncio.Event().wait()


@asynccontextmanager
async def certstream(play: Play) -> AsyncIterator[str]:
    """Serves until the end of the block, each connection by `play`; gives HOST:PORT."""
    count = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal count
        line = Line(count, request)
        count += 1
        answer = await line.begin()
        await play(line)
        return answer

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


def told(
    names: Sequence[str],
    index: int,
    *,
    issued: Issued | None = None,
    precert: bool = False,
    log: str = "https://log.example/2026/",
    **more: Any,
) -> dict[str, Any]:
    """A message of the lite stream, or of the full one of an `issued` certificate; `more` is in the envelope."""
    precert = precert if issued is None else issued.is_precert
    leaf: dict[str, Any] = {
        "all_domains": list(names),
        "subject": {"CN": names[0] if names else None, "O": "Example Org"},
        "issuer": {"C": "US", "O": "Let's Encrypt", "CN": "R3"},
        "serial_number": f"{index:04X}",
        "not_before": 1_790_000_000,
        "not_after": 1_797_000_000,
    }
    data: dict[str, Any] = {
        "update_type": "PrecertLogEntry" if precert else "X509LogEntry",
        "cert_index": index,
        "cert_link": f"{log}ct/v1/get-entries?start={index}&end={index}",
        "leaf_cert": leaf,
        "seen": 1_790_000_100.5,
        "source": {"name": "Example 'Log2026'", "url": log},
    }
    if issued is not None:
        leaf["as_der"] = base64.b64encode(issued.der).decode()
        data["chain"] = [{"as_der": base64.b64encode(one).decode()} for one in issued.chain]
    return {"message_type": "certificate_update", "data": data, **more}
