"""One log, followed by its names tiles: few bytes, and nothing of what comes is proven.

What was read is remembered apart from the verified position, which stands still: no step is made, and the ledger has
nothing of it. A log without names tiles is followed as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from certhia._core import Issuers, Source
from certhia.certstream.names import WIDTH, read
from certhia.certstream.spoken import HandedOn
from certhia.errors import BadAnswer, Lagging, Malformed
from certhia.logs import start as starts
from certhia.logs.follow import Follower
from certhia.logs.static import StaticClient
from certhia.logs.tiles import tile_path, width_at
from certhia.model import Head
from certhia.quantity import Point
from certhia.store import State
from certhia.stream.blocks import Sheet
from certhia.stream.hub import Hub

AGAIN: Final = 2.0  # seconds until a log that seems to have no names tiles is asked once more
PATIENCE: Final = 60.0  # seconds until a names tile that does not come is read from the data tile

Result = TypeVar("Result")


class NamesFollower(Follower):
    """See Follower. Hands names to the hub, and nothing to anybody else."""

    def __init__(self, *arguments: Any, hub: Hub, state: State, **others: Any) -> None:
        """`state` keeps how far names were read."""
        super().__init__(*arguments, **others)
        self._hub = hub
        self._state = state
        log = self.log
        self._place = f"names:{log.id.hex()}"
        self._source = Source(log.id, log.description, log.url, "tiled", log.operator, log.monitoring_url)
        self._issuers = Issuers()
        self._by_names: bool | None = (
            None if isinstance(self.client, StaticClient) else self._without("is no static log")
        )
        self._known: int | None = None  # where an earlier run had read to
        self._refused = 0  # names tiles that were no good

    async def round(self) -> None:
        """Asks for a head and reads names up to it. Raises RemoteError, Malformed."""
        if self._by_names is None:
            await self._decide()
        if self._by_names:
            await self._round()
        elif self._by_names is False:
            await super().round()

    # --- whether there are names tiles ---

    async def _decide(self) -> None:
        head = await self._heads.newest()
        if self.status.frozen:
            self._by_names = self._without("is frozen")
        elif head.size:
            reason = await self._lacks(head)
            self._by_names = self._without(reason) if reason else True
        known = await self._state.recall(self._place)
        if known is not None and known.isdecimal():
            self._known = int(known)
            self._origin = replace(self._origin, point=Point("index", self._known))
        elif not head.size and self._origin.point.kind in ("now", "back"):
            self._origin = replace(self._origin, point=Point("beginning"))  # all that comes is new

    async def _lacks(self, head: Head) -> str:
        """Why the log can't be read by names; empty where it can."""
        tile = max(head.size // WIDTH - 1, 0)
        for attempt in range(2):
            try:
                await self._names(tile, head.size)
            except Lagging:
                if not attempt:
                    await self._clock.sleep(AGAIN)
            except (BadAnswer, Malformed) as error:
                return f"serves no good names tiles ({error})"
            else:
                return ""
        return "serves no names tiles"

    def _without(self, reason: str) -> bool:
        self._out.notice(self.log, f"{reason}: its entries are read, and verified, as ever", "info")
        return False

    # --- reading ---

    async def _round(self) -> None:
        head = await self._heads.newest()
        if self._reason and self._end is not None:
            self._end = min(self._end, head.size)
        if self.status.start is None:
            await self._begin_by_names(head)
        if self._end is None and self._reading.until is not None:
            self._end = await starts.resolve_end(self._reading.until, self.client, head, self._clock)
        while self.status.position < (target := self._target(head)):
            await self._hand_on(await self._sheet(target, head))
        self._consider_end(head)

    async def _begin_by_names(self, head: Head) -> None:
        """Where names were read to, or entries; else where following is to begin."""
        known = max((one for one in (self._known, self._origin.verified) if one is not None), default=None)
        if known is None:
            position = await starts.resolve(self._origin.point, self.client, head, self._clock)
        elif known > head.size:
            raise Lagging(f"{self.log.url}: its newest head covers {head.size} entries, we have {known}")
        else:
            position = await self._beyond_backlog(known, head)
            if position > known:
                skipped = f"skipped {position - known} entries, {known} to {position - 1}, by --max-backlog"
                self._out.notice(self.log, skipped, "warning")
        self.status.provable = False
        self._hub.unprovable(self.log)
        self.status.start = self.status.position = position

    async def _names(self, tile: int, size: int, most: int = WIDTH) -> HandedOn:
        assert isinstance(self.client, StaticClient)
        body = await self.client.names(tile, size)
        now, count = self._clock.now(), min(width_at(tile, size), most)
        found = await self._aside(partial(read, body, tile * WIDTH, width_at(tile, size), self._issuers, now))
        page = found.page if count == len(found.page) else found.page.slice(tile * WIDTH, tile * WIDTH + count)
        return HandedOn(self.log, self._source, page, now, 0, told=found.told[:count])

    async def _sheet(self, target: int, head: Head) -> Sheet:
        """The next entries, to the end of their tile or to `target`: by names, else by the data tile."""
        start = self.status.position
        tile = start // WIDTH
        end = min(target, (tile + 1) * WIDTH)
        try:
            sheet = await self._names(tile, head.size, end - tile * WIDTH)
        except Lagging as error:
            if self._kept_waiting(str(error)) < PATIENCE:
                raise
            return await self._data(start, end, head, str(error))
        except (BadAnswer, Malformed) as error:
            path = tile_path("names", tile, width_at(tile, head.size))
            return await self._data(start, end, head, f"{self.log.monitoring_url}{path}: {error}")
        page = sheet.page
        return replace(sheet, page=page.slice(start, end), told=sheet.told[start - page.first :])

    async def _data(self, start: int, end: int, head: Head, why: str) -> Sheet:
        """The same from the data tile."""
        self._refused += 1
        level = "debug" if self._refused & (self._refused - 1) else "warning"  # the first, second, fourth, eighth
        text = f"a names tile was no good, so the data tile is read, {self._refused:,} so far: {why}"
        self._out.notice(self.log, text, level)
        fetched = await self.client.fetch(start, end, head.size)
        page = await self._aside(partial(self.client.decode, [fetched]))
        return Sheet(self.log, self._source, page.slice(start, end), self._clock.now(), 0)

    async def _hand_on(self, sheet: Sheet) -> None:
        page, status = sheet.page, self.status
        await self._hub.relay(sheet)
        status.position = page.end
        status.last_timestamp = max(status.last_timestamp, page.timestamp(len(page) - 1))
        status.read(len(page), self._clock.monotonic())
        status.keep()
        self._moves()
        self._state.writer.remember(self._place, str(page.end))

    async def _aside(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
