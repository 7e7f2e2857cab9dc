"""The server: one port for WebSockets, event streams and everything else that speaks HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from certhia.clock import Clock
from certhia.config.listen import Listen
from certhia.errors import ConfigError
from certhia.model import Tell
from certhia.stream import forms, frames, notices, sse, websocket
from certhia.stream.client import Block, Client, Framing, Limits
from certhia.stream.forms import Asked, Defaults
from certhia.stream.hub import Hub
from certhia.stream.takeover import Connection, Takeover
from certhia.stream.websocket import WebSocket, WebSocketFraming

WATCH_EVERY: Final = 1.0  # seconds between two looks at all clients
LEAVE_WITHIN: Final = 0.3  # seconds that clients have to take leave at the end
_UPGRADE: Final = {"Upgrade": "websocket", "Connection": "Upgrade"}  # RFC 9110 section 15.5.22
HINT: Final = "this is a certstream server: connect with a WebSocket, or read /sse?stream=lite"

Admit = Callable[[web.Request], Awaitable[web.Response | None]]
"""Whether a request is let in: None, or the answer that refuses it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the server offers.

    Attributes:
        listen: host and port.
        paths: the path of each stream ("lite", "full", "domains") and of "sse"; those that are missing are off.
        defaults: what counts where clients say nothing.
        limits: what a client may cost.
        heartbeat: seconds between two heartbeats; None for none.
        compression: whether messages are compressed for clients that offer it.
    """

    listen: Listen
    paths: dict[str, str] = field(default_factory=dict)
    defaults: Defaults = field(default_factory=Defaults)
    limits: Limits = field(default_factory=Limits)
    heartbeat: float | None = 30.0
    compression: bool = False


class Server:
    """Serves a hub's streams.

    Attributes:
        connections: all clients' connections.
        admit: whether a stream's request is let in.
    """

    def __init__(self, hub: Hub, terms: Terms, clock: Clock, tell: Tell) -> None:
        self.connections: set[Connection] = set()
        self.admit: Admit | None = None
        self.app = web.Application(middlewares=[self._faults])
        self.too_late = 0  # clients that were closed because they could not keep up
        self._hub = hub
        self._terms = terms
        self._clock = clock
        self._tell = tell
        self._runner: web.AppRunner | None = None
        self._closing = False

    async def start(self) -> None:
        """Listens. Raises ConfigError where it can't."""
        self._route()
        # What breaks is told by us; what strangers send that is no HTTP is nobody's concern.
        silent = logging.Logger("certhia.serve", logging.CRITICAL + 1)
        self._runner = web.AppRunner(self.app, access_log=None, logger=silent, shutdown_timeout=LEAVE_WITHIN)
        await self._runner.setup()
        listen = self._terms.listen
        try:
            await web.TCPSite(self._runner, listen.host, listen.port, backlog=1024).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"cannot listen on {listen}: {error.strerror or error}; give another with --listen"
            ) from error

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Hosts and ports that it listens on."""
        return [address[:2] for address in self._runner.addresses] if self._runner is not None else []

    async def run(self, _faults: int = 0) -> None:
        """Looks after the clients, for ever: heartbeats, pings, and who is too far behind."""
        beat, loop = self._clock.monotonic(), asyncio.get_running_loop()
        while True:
            await self._clock.sleep(WATCH_EVERY)
            now = self._clock.monotonic()
            every = self._terms.heartbeat
            if every is not None and now - beat >= every:
                beat = now
                self._beat(now)
            for connection in tuple(self.connections):
                if connection.client.is_too_late(now):
                    self.too_late += 1
                    behind = connection.client.behind(now)
                    connection.close(frames.TRY_AGAIN_LATER, self._goodbye(connection, f"{behind:.0f} s behind"))
                else:
                    connection.ping(loop.time())

    async def close(self) -> None:
        """Takes leave of all clients, with a cursor to return with, and closes the port."""
        self._closing = True
        for connection in tuple(self.connections):
            reason = self._goodbye(connection, "the server stops")
            connection.close(frames.GOING_AWAY, reason, patience=LEAVE_WITHIN)
        if self._runner is not None:
            for site in self._runner.sites:
                await site.stop()
            overs = [connection.over for connection in self.connections]
            if overs:
                await asyncio.wait(overs, timeout=2 * LEAVE_WITHIN)
            await self._runner.cleanup()

    # --- requests ---

    def _route(self) -> None:
        paths, router = self._terms.paths, self.app.router
        for kind in forms.KINDS:
            if kind in paths:
                router.add_get(paths[kind], self._handler(kind), allow_head=False)
        if "sse" in paths:
            router.add_get(paths["sse"], self._events, allow_head=False)
        router.add_get("/{path:.*}", self._handler("lite" if "lite" in paths else ""), allow_head=False)

    def _handler(self, kind: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            if not websocket.is_upgrade(request.headers):
                known = request.path in self._terms.paths.values()
                return web.Response(status=426 if known else 404, text=f"{HINT}\n", headers=_UPGRADE if known else None)
            if not kind:
                return web.Response(status=404, text=f"there is no stream here; there are {self._streams()}\n")
            return await self._websocket(request, kind)

        return handle

    async def _websocket(self, request: web.Request, kind: str) -> web.StreamResponse:
        if (refused := await self._refused(request)) is not None:
            return refused
        try:
            headers, deflate = websocket.accept(request.headers, compression=self._terms.compression)
        except ConfigError as error:
            return web.Response(status=400, text=f"{error}\n", headers={"Sec-WebSocket-Version": "13"})
        client = self._client(WebSocketFraming(deflate=deflate))
        try:
            asked: Asked | str = await self._asked(kind, client.framing.name, request)
        except ConfigError as error:
            asked = str(error)
        connection = WebSocket(client, asyncio.get_running_loop(), deflate=deflate)
        answer = Takeover(101, headers, connection)
        async with self._held(connection):
            await answer.prepare(request)
            if isinstance(asked, str):  # told here: a browser shows nothing of a refused handshake
                connection.refuse(asked)
                await connection.over
            else:
                client.gaps = asked.wanted.gaps
                self._hub.join(client, asked.wanted)
                await self._converse(connection, asked)
        return answer

    async def _converse(self, connection: WebSocket, asked: Asked) -> None:
        """Takes what a client says until it is gone."""
        while (text := await connection.heard()) is not None:
            try:
                again = await self._hub.aside(forms.of_message, text, asked, self._terms.defaults)
            except ConfigError as error:
                connection.refuse(str(error))
                continue
            if again is not None and not connection.over.done():
                connection.client.gaps = again.wanted.gaps
                self._hub.join(connection.client, again.wanted)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if (refused := await self._refused(request)) is not None:
            return refused
        client = self._client(sse.Events())
        try:
            asked = await self._asked("lite", "sse", request)
            if asked.wanted.kind not in self._terms.paths:
                raise ConfigError(f"stream: there is no {asked.wanted.kind} here")
        except ConfigError as error:
            return web.Response(status=400, text=f"{error}\n")
        client.gaps = asked.wanted.gaps
        connection = sse.EventStream(client, asyncio.get_running_loop())
        answer = Takeover(200, sse.HEADERS, connection)
        async with self._held(connection):
            await answer.prepare(request)
            self._hub.join(client, asked.wanted)
            await connection.over
        return answer

    # --- what requests share ---

    async def _refused(self, request: web.Request) -> web.Response | None:
        if self._closing:
            return web.Response(status=503, text="the server stops\n", headers={"Retry-After": "5"})
        return await self.admit(request) if self.admit is not None else None

    async def _asked(self, kind: str, framing: str, request: web.Request) -> Asked:
        """What a request asks for. Raises ConfigError."""
        query = tuple(request.query.items())
        if not query:
            return forms.of_query(kind, framing, (), self._terms.defaults)
        return await self._hub.aside(forms.of_query, kind, framing, query, self._terms.defaults)

    def _client(self, framing: Framing) -> Client:
        return Client(framing, self._terms.limits, self._clock)

    @asynccontextmanager
    async def _held(self, connection: Connection) -> AsyncIterator[None]:
        """As long as the connection lasts; whatever ends it, nothing of it stays."""
        self.connections.add(connection)
        try:
            yield
        except ConnectionResetError:
            pass  # it went before it began
        finally:
            self.connections.discard(connection)
            self._hub.leave(connection.client)
            connection.cut()

    def _streams(self) -> str:
        return ", ".join(f"{path} ({name})" for name, path in self._terms.paths.items()) or "none"

    def _beat(self, now: float) -> None:
        """A heartbeat for all, made once for each framing."""
        text, made = notices.heartbeat(self._clock.now()), dict[str, Block]()
        for connection in tuple(self.connections):
            framing = connection.client.framing
            if framing.name not in made:
                made[framing.name] = Block(framing.message(text), 0, None, None, now)
            connection.client.send(made[framing.name])

    def _goodbye(self, connection: Connection, why: str) -> str:
        place = notices.cursor(connection.client.last)
        return f"{why}; continue with since={place}" if place and connection.client.gaps else why

    @web.middleware
    async def _faults(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001  (a fault in our own code: told, and this request's alone)
            self._tell(f"a request for {request.path} failed: {type(error).__name__}: {error}", level="error")
            return web.Response(status=500, text="something broke here, and was told to whoever runs this server\n")
