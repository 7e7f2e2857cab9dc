"""Requests for a stream: from what a client asks for to its connection, and what it says later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from aiohttp import web

from certhia.clock import Clock
from certhia.config.networks import Address
from certhia.errors import ConfigError
from certhia.model import Tell
from certhia.render import terminal
from certhia.stream import access, budget, following, forms, frames, gate, since, sse, websocket
from certhia.stream.budget import Budget, Debts
from certhia.stream.client import Client
from certhia.stream.forms import Asked, Defaults
from certhia.stream.hub import Hub
from certhia.stream.places import Place
from certhia.stream.since import Moment
from certhia.stream.takeover import Connection, Takeover
from certhia.stream.tally import Tally
from certhia.stream.terms import Terms
from certhia.stream.turns import Gone
from certhia.stream.websocket import WebSocket, WebSocketFraming

if TYPE_CHECKING:
    from certhia.stream.history import History

ASKS: Final = 5  # subscriptions of a few rules that a client may send at once; of more, one a second is answered
FAULTS_EVERY: Final = 60.0  # seconds between two lines about clients that were closed for a fault of ours
_UPGRADE: Final = {"Upgrade": "websocket", "Connection": "Upgrade"}  # RFC 9110 section 15.5.22

Admit = Callable[[web.Request], Awaitable[web.Response | None]]
"""Whether a request is let in: None, or the answer that refuses it."""


class Streams:
    """What serves streams.

    Attributes:
        connections: all clients' connections.
        admit: whether a request is let in.
        address: whose request it is.
        history: what was sent, for those who come back; None where nothing is kept.
        closing: whether nobody is let in any more.
        tallies: what was sent so far, by stream.
    """

    def __init__(self, hub: Hub, terms: Terms, clock: Clock, tell: Tell) -> None:
        self.connections: set[Connection] = set()
        self.admit: Admit | None = None
        self.address: Callable[[web.Request], Address | None] = access.peer
        self.history: History | None = None
        self.closing = False
        self.tallies = {kind: Tally() for kind in forms.KINDS}
        self._hub = hub
        self.adopt(terms)
        self._clock = clock
        self._tell = tell
        self._debts = Debts(clock)
        self._told = float("-inf")  # when a fault was told
        self._untold = 0  # faults since then
        hub.refuse = self._refuse

    def adopt(self, terms: Terms) -> None:
        """Takes clients on these terms from now on."""
        self._terms = terms
        self._defaults = replace(terms.defaults, kinds=tuple(kind for kind in forms.KINDS if kind in terms.paths))

    def route(self, router: web.UrlDispatcher) -> None:
        """Adds the streams' paths; the last of them takes what nobody else has."""
        paths = self._terms.paths
        for kind in forms.KINDS:
            if kind in paths:
                router.add_get(paths[kind], self._handler(kind), allow_head=False)
        if "sse" in paths:
            router.add_get(paths["sse"], self._events, allow_head=False)
        # Other servers' clients come with paths of their own: a WebSocket is lite wherever it asks.
        router.add_get("/{path:.*}", self._handler("lite" if "lite" in paths else ""), allow_head=False)

    def _handler(self, kind: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            if not websocket.is_upgrade(request.headers):
                hint = f"this is a certstream server: connect with a WebSocket, or read events: {self._offered()}\n"
                if request.path in self._terms.paths.values():
                    return web.Response(status=426, text=hint, headers=_UPGRADE)
                return web.Response(status=404, text=hint)
            if not kind:
                return web.Response(status=404, text=f"there is no stream here; there are {self._offered()}\n")
            return await self._websocket(request, kind)

        return handle

    async def _websocket(self, request: web.Request, kind: str) -> web.StreamResponse:
        if (refused := await self._refused(request)) is not None:
            return refused
        try:
            headers, deflate = websocket.accept(request.headers, compression=self._terms.compression)
        except ConfigError as error:
            return web.Response(status=400, text=f"{error}\n", headers={"Sec-WebSocket-Version": "13"})
        who = self._who(request)
        client = Client(WebSocketFraming(deflate=deflate), self._terms.limits, self._clock)
        try:
            asked = await self._asked(kind, client.framing.name, request, who)
            start, refusal = following.place(asked, self.history, self._clock.now()), ""
            self._hub.members.ask(client, asked.wanted)
        except Gone:
            return web.Response(status=400)
        except ConfigError as error:
            asked, start, refusal = Asked(forms.Wanted()), None, str(error)
        connection = WebSocket(client, asyncio.get_running_loop(), deflate=deflate)
        answer = Takeover(101, headers, connection)
        async with self._held(connection):
            await answer.prepare(request)
            if refusal:  # told here: a browser shows nothing of a refused handshake
                connection.refuse(refusal)
                await connection.over
            else:
                try:
                    await self._converse(connection, asked, start, who)
                except Exception as error:  # noqa: BLE001  (a fault in our own code: told, and this client's alone)
                    self._tell_fault(request.path, error)
                    connection.close(frames.INTERNAL_ERROR, "something broke here, and was told to who runs this")
                    await connection.over
        return answer

    def _tell_fault(self, path: str, error: Exception) -> None:
        """Says what broke, now and then: a client may know how to break it again."""
        now = self._clock.monotonic()
        if now - self._told < FAULTS_EVERY:
            self._untold += 1
            return
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        more = f" ({self._untold} more since the last such line)" if self._untold else ""
        what = terminal(f"{path} was closed: {type(error).__name__}: {error}")
        self._tell(f"a client of {what}{more}", level="error")
        self._told, self._untold = now, 0

    async def _converse(self, connection: WebSocket, request: Asked, start: Place | None, who: str) -> None:
        """Gives a client what it asks for, and takes what it says, until it is gone."""
        client, asked, left = connection.client, request, Budget(self._clock, ASKS, 1.0)
        new = not request.options  # its first subscription is what others have in their URL
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._follow(client, asked, start))
            while (text := await connection.heard()) is not None:
                if text.lstrip()[:1] != b"{":
                    continue  # no subscription, and nothing to read
                await self._pass(max(left.spend(), self._debts.due(who)), connection)
                try:
                    again = await self._again(connection, text, request, who, new=new)
                    left.spend(budget.work(again.wanted.filter if again is not None else None, len(text)))
                    if again is None:
                        continue
                    new = False
                    if not task.done():
                        again = following.after(again, client, asked)
                    start = following.place(again, self.history, self._clock.now())
                    self._hub.members.ask(client, again.wanted)
                except ConfigError as error:
                    connection.refuse(str(error))
                    continue
                task.cancel()
                asked = again
                if not connection.over.done():
                    task = group.create_task(self._follow(client, asked, start))
            task.cancel()

    async def _pass(self, seconds: float, connection: Connection) -> None:
        """Returns after that time, or once a client is gone."""
        if seconds > 0:
            with suppress(TimeoutError):
                async with self._clock.deadline(seconds):
                    await asyncio.shield(connection.over)

    async def _again(self, connection: WebSocket, text: bytes, request: Asked, who: str, *, new: bool) -> Asked | None:
        """What a client asks for in its last subscription that waits, this text or a later one; None where none of them
        is one. Raises ConfigError."""
        texts = [text]

        def prepare() -> Callable[[], Asked | None] | None:
            if connection.client.is_closing():
                return None
            texts.extend(connection.rest())
            return partial(_last, texts, request, self._defaults)

        try:
            return await self._hub.understood(prepare, who, new=new, over=connection.over)
        except Gone:
            return None
        except ConfigError:
            self._debts.owe(who, sum(map(len, texts)))
            raise

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if (refused := await self._refused(request)) is not None:
            return refused
        try:
            kinds = self._defaults.kinds  # lite where there is that
            asked = await self._asked(
                "lite" if "lite" in kinds else (*kinds, "lite")[0], "sse", request, self._who(request)
            )
            if last := request.headers.get("Last-Event-ID", ""):
                asked = replace(asked, since=last)  # newer than what the URL says
            start = following.place(asked, self.history, self._clock.now())
            client = Client(sse.Events(), self._terms.limits, self._clock)
            self._hub.members.ask(client, asked.wanted)
        except Gone:
            return web.Response(status=400)
        except ConfigError as error:
            return web.Response(status=400, text=f"{error}\n")
        connection = sse.EventStream(client, asyncio.get_running_loop())
        answer = Takeover(200, sse.HEADERS, connection)
        async with self._held(connection):
            await answer.prepare(request)
            async with asyncio.TaskGroup() as group:
                task = group.create_task(self._follow(client, asked, start))
                await connection.over
                task.cancel()
        return answer

    async def _follow(self, client: Client, asked: Asked, start: Place | None) -> None:
        client.gaps, client.tally = asked.wanted.gaps, self.tallies[asked.wanted.kind]
        now = self._clock.now()
        client.begun = str(since.read(asked.since, now) if asked.since else Moment(now))
        await following.follow(client, asked, start, self._hub, self.history)

    async def _refused(self, request: web.Request) -> web.Response | None:
        if self.closing:
            return web.Response(status=503, text="the server stops\n", headers={"Retry-After": "5"})
        return await self.admit(request) if self.admit is not None else None

    async def _asked(self, kind: str, framing: str, request: web.Request, who: str) -> Asked:
        """What a request asks for. Raises ConfigError, and Gone where its connection ends meanwhile."""
        query = tuple(request.query.items())
        if not query:
            return forms.of_query(kind, framing, (), self._defaults)

        def prepare() -> Callable[[], Asked | None] | None:
            there = request.transport is not None and not request.transport.is_closing()
            return partial(forms.of_query, kind, framing, query, self._defaults) if there else None

        await self._clock.sleep(self._debts.due(who))
        try:
            asked = await self._hub.understood(prepare, who, new=True)
        except ConfigError:
            self._debts.owe(who, len(request.query_string))
            raise
        assert asked is not None
        return asked

    def _who(self, request: web.Request) -> str:
        """What the turns of a request count for."""
        address = self.address(request)
        return gate.key_of(address) if address is not None else ""

    def _refuse(self, client: Client, text: str) -> None:
        """Ends the connection of a client that can't be served."""
        for connection in tuple(self.connections):
            if connection.client is client:
                connection.refuse(text)

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

    def _offered(self) -> str:
        return ", ".join(f"{path} ({name})" for name, path in self._terms.paths.items()) or "none"


def _last(texts: Sequence[bytes], request: Asked, defaults: Defaults) -> Asked | None:
    """The last of these that is a subscription: those before it count no more."""
    for text in reversed(texts):
        if text.lstrip()[:1] == b"{" and (asked := forms.of_message(text, request, defaults)) is not None:
            return asked
    return None
