"""A receiver of webhooks in a process of its own: takes everything, and counts.

    python benches/receiver.py

Prints its port, then for each line on standard input one of JSON: how many messages and matches came.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
COUNT = re.compile(rb'^\{"type":"matches","count":(\d+),')
TAKEN = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Counts:
    """Of all connections."""

    messages = 0
    matches = 0


class Taking(asyncio.Protocol):
    """One connection."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._had = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Whole requests are answered."""
        self._had += data
        while (end := self._had.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self._had, 0, end)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._had) < whole:
                return
            several = COUNT.match(self._had[end + 4 : end + 64])
            self._counts.messages += 1
            self._counts.matches += int(several[1]) if several else 1
            del self._had[:whole]
            assert self._transport is not None
            self._transport.write(TAKEN)


async def main() -> None:
    """Until standard input ends."""
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(lambda: Taking(counts), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"messages": counts.messages, "matches": counts.matches}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
