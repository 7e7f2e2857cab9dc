"""When the log lists are loaded again: now and then, when somebody asks, and when other lists are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from certhia.errors import RemoteError, StateError
from certhia.logs.lists import Loaded
from certhia.logs.roster import Roster
from certhia.logs.select import Choice
from certhia.logs.sources import Sources
from certhia.parts import Parts
from certhia.quantity import Point


class Refreshing:
    """Loads lists, and hands on what is known then; one load at a time."""

    def __init__(self, parts: Parts, roster: Roster, apply: Callable[[Loaded], Awaitable[None]]) -> None:
        """`apply` follows by what was loaded."""
        self._parts = parts
        self._roster = roster
        self._apply = apply
        self._loading = asyncio.Lock()

    async def keep(self, faults: int) -> None:
        """Loads the lists again now and then; a list that can't be had changes nothing.

        `faults`: how often applying one broke; what is left of it is applied at once."""
        clock = self._parts.clock
        while True:
            if not faults:
                await clock.sleep(clock.jitter(self._parts.refresh))
            faults = 0
            try:
                await self.now()
            except RemoteError as error:
                text = f"the log lists could not be loaded, the last ones stay in use: {error}"
                self._parts.tell(text, level="warning")

    async def now(self) -> None:
        """Loads the lists and applies what changed. Raises RemoteError."""
        async with self._loading:
            try:
                loaded = await self._parts.sources.load()
            except (StateError, RemoteError):
                raise
            except Exception as error:  # a fault in our own code costs this refresh, not the logs
                raise RemoteError(f"{type(error).__name__}: {error}") from error
            await self._apply(loaded)

    async def relist(self, sources: Sources, choice: Choice, origin: Point, loaded: Loaded) -> None:
        """Follows by these lists and this choice from now on. `loaded`: what the sources know."""
        async with self._loading:
            self._parts.sources, self._parts.choice, self._parts.origin = sources, choice, origin
            self._roster.adopt(choice, origin)
            await self._apply(loaded)
