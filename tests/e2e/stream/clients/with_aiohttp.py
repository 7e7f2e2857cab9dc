"""Prints every message that comes over a WebSocket, one a line, by aiohttp's client."""

import asyncio
import sys

import aiohttp


async def main(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(url, compress=15) as there:
        async for message in there:
            sys.stdout.write(message.data + "\n")
            sys.stdout.flush()


asyncio.run(main(sys.argv[1]))
