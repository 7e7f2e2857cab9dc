"""Clients of a stream as they are: they come and go, stall, die, change their minds, or are no clients at all."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import struct
from collections import Counter
from contextlib import suppress
from urllib.parse import quote

PATHS = ("/", "/full-stream", "/domains-only", "/sse?stream=lite", "/sse?stream=domains")
WISHES = (
    "", "", "dedupe=1", "verified=1", "rule=" + quote("re:^a"), "rule=example.com", "type=precert", "tld=com",
    "issuer=Certhia", "log=*", "since=-30s", "profile=calidog",
)  # fmt: skip
SUBSCRIBE: tuple[dict[str, object], ...] = (
    {"rules": ["example.com"]},
    {"tlds": ["org"], "type": "precert"},
    {"dedupe": True},
    {"verified": "1"},
    {},
)
STAY = (0.2, 12.0)  # seconds
SMALL = 4096  # bytes that a stalled client's kernel takes
PLAIN = "Host: here\r\n\r\n"
UPGRADE = (
    "Host: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)


class Crowd:
    """So many lives at once, one after the other, until it is told to end.

    Attributes:
        lives: how many of each kind have ended.
        refused: how many the server did not want.
    """

    def __init__(self, port: int, size: int, seed: int) -> None:
        self.lives: Counter[str] = Counter()
        self.refused = 0
        self._port, self._size = port, size
        self._choose = random.Random(seed)
        self._over = False

    async def run(self) -> None:
        """Until `end`."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._size):
                tasks.create_task(self._one_after_the_other())

    def end(self) -> None:
        """No life begins any more."""
        self._over = True

    async def _one_after_the_other(self) -> None:
        kinds = (self._reads, self._reads, self._dies, self._stalls, self._changes, self._babbles, self._dawdles)
        while not self._over:
            life = self._choose.choice(kinds)
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await life()
            self.lives[life.__name__.strip("_")] += 1

    async def _came(self, *, small: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection whose request was answered well."""
        hand = socket.socket()
        hand.setblocking(False)
        if small:
            hand.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        await asyncio.get_running_loop().sock_connect(hand, ("127.0.0.1", self._port))
        reader, writer = await asyncio.open_connection(sock=hand, limit=SMALL if small else 1 << 16)
        path, wish = self._choose.choice(PATHS), self._choose.choice(WISHES)
        asked = path + (("&" if "?" in path else "?") + wish if wish else "")
        writer.write(f"GET {asked} HTTP/1.1\r\n{PLAIN if 'sse' in path else UPGRADE}".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 101", b"HTTP/1.1 200")):
            self.refused += 1
            writer.close()
            raise ConnectionRefusedError(head.decode("latin-1"))
        return reader, writer

    async def _stay(self, reader: asyncio.StreamReader) -> None:
        """Reads for a while, or until there is nothing more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._choose.uniform(*STAY)):
                while await reader.read(1 << 16):
                    pass

    async def _reads(self) -> None:
        reader, writer = await self._came()
        await self._stay(reader)
        writer.write(b"\x88\x82\0\0\0\0\x03\xe8")
        await self._gone(writer)

    async def _dies(self) -> None:
        reader, writer = await self._came()
        await self._stay(reader)
        # The connection is reset.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _stalls(self) -> None:
        _, writer = await self._came(small=True)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's are both
        await asyncio.sleep(self._choose.uniform(*STAY))
        writer.transport.abort()

    async def _changes(self) -> None:
        reader, writer = await self._came()
        for _ in range(self._choose.randrange(1, 20)):
            message = json.dumps({"subscribe": self._choose.choice(SUBSCRIBE)}).encode()
            writer.write(bytes((0x81, 0x80 | len(message))) + bytes(4) + message)
        await self._stay(reader)
        await self._gone(writer)

    async def _babbles(self) -> None:
        reader, writer = await self._came()
        writer.write(os.urandom(self._choose.randrange(1, 4096)))
        await self._stay(reader)
        await self._gone(writer)

    async def _dawdles(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"GET / HTTP/1.1\r\nHost: he"[: self._choose.randrange(24)])
        await self._stay(reader)
        await self._gone(writer)

    async def _gone(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await writer.wait_closed()
