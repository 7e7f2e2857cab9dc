"""A world of logs that is served while a test runs: in a thread, so that a test may wait and the world goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from certhia.testing import World

Result = TypeVar("Result")


class Served:
    """A world on loopback. Everything that changes it goes through `do`, into the thread that serves it."""

    def __init__(self, world: World, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.world = world
        self.url = url
        self._loop = loop

    @property
    def list_url(self) -> str:
        """URL of the log list."""
        return f"{self.url}log_list.json"

    def do(self, work: Callable[[], Result]) -> Result:
        """Runs `work` between two requests."""

        async def run() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def grow(self, count: int) -> list[str]:
        """Lets all logs grow by the same entries; gives their names."""
        return [name for issued in self.do(lambda: self.world.grow(count)) for name in issued.names]


@contextmanager
def served(world: World, *, apart: bool = True) -> Iterator[Served]:
    """Serves `world` until the end; `apart`: each log is a host of its own."""
    ready: list[Served] = []
    started, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with world.serve(apart=apart) as url:
            ready.append(Served(world, url, asyncio.get_running_loop()))
            started.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="world", daemon=True)
    thread.start()
    try:
        assert started.wait(30), "the world was not served"
        yield ready[0]
    finally:
        over.set()
        thread.join(30)
