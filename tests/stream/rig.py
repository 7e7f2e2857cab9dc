"""A hub and its server over loopback, pages of a test world to feed them, and raw clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from certhia._core import Issuers, Page, count_get_entries
from certhia.clock import Clock
from certhia.config.listen import Listen
from certhia.model import Arrival
from certhia.rules.nothing import NOTHING
from certhia.stream.client import Limits
from certhia.stream.forms import Defaults
from certhia.stream.hub import Hub
from certhia.stream.server import Server
from certhia.stream.terms import Terms
from certhia.testing import FakeLog, World

PATHS = {"lite": "/", "full": "/full-stream", "domains": "/domains-only", "sse": "/sse"}
UPGRADE = (
    "Host: here\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


class Stage:
    """A hub, its server, and one RFC 6962 log whose entries are fed by hand."""

    def __init__(self, world: World, **terms: Any) -> None:
        self.world = world
        self.clock: Clock = world.clock
        self.said: list[str] = []
        self.issuers = Issuers()
        self.hub = Hub(self.clock)
        self.server = Server(self.hub, self.terms(**terms), self.clock, self._say)
        self.log = world.rfc6962("one", description="First Log 2026", operator="Ops")
        self.fed = 0

    @staticmethod
    def terms(
        *,
        paths: dict[str, str] | None = None,
        defaults: Defaults | None = None,
        limits: Limits | None = None,
        **others: Any,
    ) -> Terms:
        return Terms((Listen("127.0.0.1", 0),), paths or PATHS, defaults or Defaults(), limits or Limits(), **others)

    def _say(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append(text)

    @property
    def port(self) -> int:
        return self.server.addresses[0].port

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Serves; gives the port."""
        await self.server.start()
        async with asyncio.TaskGroup() as group:
            work = (self.hub.run(), self.hub.compile(), self.server.run())
            tasks = [group.create_task(one) for one in work]
            try:
                yield self.port
            finally:
                for task in tasks:
                    task.cancel()
                await self.server.close()
                while _open:
                    await _open.pop().gone()
        assert self.said == []

    def grow(self, count: int) -> list[str]:
        """New entries; gives their names."""
        return [f"host{number}.example.com" for number in self._grown(count)]

    def _grown(self, count: int) -> range:
        before = self.log.size
        self.world.grow(count)
        return range(before, before + count)

    async def feed(self, count: int, *, verified: bool = False) -> list[str]:
        """New entries, accepted by the hub as one page."""
        names = self.grow(count)
        await self.hub.accept(arrival(self.world, self.log, self.fed, self.log.size, self.issuers, verified=verified))
        self.fed = self.log.size
        return names

    async def joined(self, count: int) -> None:
        """Once so many clients are part of the plan."""
        while sum(len(group.clients) for group in self.hub.members.plan.groups) != count:  # noqa: ASYNC110
            await asyncio.sleep(0)


def arrival(world: World, log: FakeLog, start: int, end: int, issuers: Issuers, *, verified: bool = False) -> Arrival:
    """Entries of an RFC 6962 log as a follower would hand them on."""
    bodies, at = [], start
    while at < end:
        body = world.handle("GET", f"{log.url}ct/v1/get-entries?start={at}&end={end - 1}").body
        bodies.append(body)
        at += count_get_entries(body)
    page = Page.from_get_entries(bodies, start, issuers)
    return Arrival(log.model, page, NOTHING.matcher.scan(page), NOTHING, verified=verified)


class Raw:
    """A client that sends bytes and reads frames, whatever they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""

    @classmethod
    async def open(cls, port: int, path: str = "/", headers: str = "", upgrade: str = UPGRADE) -> Raw:
        """A WebSocket after its handshake; `head` is the answer's."""
        raw = cls(*await asyncio.open_connection("127.0.0.1", port))
        _open.append(raw)
        raw.writer.write(f"GET {path} HTTP/1.1\r\n{upgrade}{headers}\r\n".encode())
        raw.head = await raw.reader.readuntil(b"\r\n\r\n")
        return raw

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def frame(self) -> tuple[int, bytes]:
        """First byte and payload of the next frame; (0, b"") where the connection has ended."""
        try:
            first, second = await self.reader.readexactly(2)
            length = second
            if second >= 126:
                length = int.from_bytes(await self.reader.readexactly(2 if second == 126 else 8), "big")
            return first, await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b""

    async def message(self) -> Any:
        """The next message, read as JSON."""
        first, payload = await self.frame()
        assert first == 0x81, (first, payload)
        return json.loads(payload)

    async def closed(self) -> tuple[int, str]:
        """Code and reason of the close frame that comes next, answered; and that the server then closes."""
        first, payload = await self.frame()
        assert first == 0x88, (first, payload)
        self.send(b"\x88\x82\0\0\0\0" + payload[:2])
        assert await self.frame() == (0, b"")
        self.close()
        return int.from_bytes(payload[:2], "big"), payload[2:].decode()

    def close(self) -> None:
        self.writer.close()

    async def gone(self) -> None:
        """Closed, and its socket too."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


_open: list[Raw] = []  # those of the running test
