"""Prints every message that comes over a WebSocket, one a line, by `websockets` as it is."""

import asyncio
import sys

from websockets.asyncio.client import connect


async def main(url: str) -> None:
    async with connect(url) as there:
        async for message in there:
            assert isinstance(message, str)
            sys.stdout.write(message + "\n")
            sys.stdout.flush()


asyncio.run(main(sys.argv[1]))
