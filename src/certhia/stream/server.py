"""The server: one port for WebSockets, event streams and everything else that speaks HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from certhia.clock import Clock
from certhia.config.listen import Listen
from certhia.errors import ConfigError
from certhia.model import Tell
from certhia.stream import frames, notices
from certhia.stream.client import Block
from certhia.stream.front import Front
from certhia.stream.hub import Hub
from certhia.stream.listener import Listener
from certhia.stream.streams import Streams
from certhia.stream.takeover import Connection
from certhia.stream.terms import Terms

WATCH_EVERY: Final = 1.0  # seconds between two looks at all clients
LEAVE_WITHIN: Final = 0.15  # seconds that clients have to take leave at the end


class Server:
    """Serves a hub's streams.

    Attributes:
        streams: who is connected, and who may be.
        front: what stands before every answer.
        app: what answers requests; routes may be added until `start`.
        too_late: clients that were closed because they could not keep up.
    """

    def __init__(self, hub: Hub, terms: Terms, clock: Clock, tell: Tell, front: Front | None = None) -> None:
        self.streams = Streams(hub, terms, clock, tell)
        self.front = front or Front(clock)
        self.app = web.Application(middlewares=[self._faults])
        self.front.attach(self.app)
        self.streams.address = self.front.access.address
        self.too_late = 0
        self._hub = hub
        self._terms = terms
        self._clock = clock
        self._tell = tell
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None

    def adopt(self, terms: Terms) -> None:
        """Serves on these terms from the next connection on, but at the places and paths of before."""
        self._terms = replace(terms, listen=self._terms.listen, paths=self._terms.paths)
        self.streams.adopt(self._terms)

    async def start(self) -> None:
        """Listens. Raises ConfigError where it can't."""
        self.streams.route(self.app.router)
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=LEAVE_WITHIN)
        await self._runner.setup()
        assert self._runner.server is not None
        self._listener = self.front.listener(self._terms.listen)
        try:
            await self._listener.start(self._runner.server)
        except ConfigError:
            await self._runner.cleanup()
            raise

    @property
    def addresses(self) -> list[Listen]:
        """Where it listens."""
        return self._listener.addresses if self._listener is not None else []

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
            for connection in tuple(self.streams.connections):
                if connection.client.is_too_late(now):
                    self.too_late += 1
                    behind = connection.client.behind(now)
                    connection.close(frames.TRY_AGAIN_LATER, self._goodbye(connection, f"{behind:.0f} s behind"))
                else:
                    connection.ping(loop.time())

    async def close(self) -> None:
        """Takes leave of all clients, with a cursor to return with, and closes the port."""
        self.streams.closing = True
        connections = tuple(self.streams.connections)
        for connection in connections:
            connection.close(frames.GOING_AWAY, self._goodbye(connection, "the server stops"), patience=LEAVE_WITHIN)
        if self._runner is None:
            return
        if self._listener is not None:
            await self._listener.stop()
        if connections:
            await asyncio.wait([connection.over for connection in connections], timeout=2 * LEAVE_WITHIN)
        await self._runner.cleanup()

    def _goodbye(self, connection: Connection, why: str) -> str:
        """Why a connection ends, and what to return with."""
        place = self._hub.reached(connection.client)
        return f"{why}; continue with since={place}" if place else why

    def _beat(self, now: float) -> None:
        """A heartbeat for all, made once for each framing."""
        text, made = notices.heartbeat(self._clock.now()), dict[str, Block]()
        for connection in tuple(self.streams.connections):
            framing = connection.client.framing
            if framing.name not in made:
                made[framing.name] = Block(framing.message(text), 0, None, None, now)
            connection.client.send(made[framing.name])

    @web.middleware
    async def _faults(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001  (a fault in our own code: told, and this request's alone)
            self._tell(f"a request for {request.path} failed: {type(error).__name__}: {error}", level="error")
            return web.Response(status=500, text="something broke here, and was told to whoever runs this server\n")
