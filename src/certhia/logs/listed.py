"""One log list, loaded on its own."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from certhia._core import build_info
from certhia.clock import Clock
from certhia.logs.lists import Lists
from certhia.logs.loglist import LogList
from certhia.net import Http, Transport, user_agent


async def load(
    place: str | os.PathLike[str] | None = None,
    key: bytes | None = None,
    cache: os.PathLike[str] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> LogList:
    """See `LogList.load`."""
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        if transport is None:
            transport = Http(clock=clock, user_agent=user_agent(build_info["version"]))
            stack.push_async_callback(transport.close)
        lists = Lists(
            transport,
            clock,
            Path(cache) if cache is not None else None,
            lists=("google",) if place is None else (),
            files=() if place is None else (os.fspath(place),),
            key=key,
        )
        loaded = await lists.load()
    return replace(loaded.lists[0], notices=loaded.notices)
