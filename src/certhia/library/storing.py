"""Events of a scan on their way to a state that somebody else may be following: appended beside them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.events.bus import Bus
from certhia.events.keeping import row_of
from certhia.model import Tell
from certhia.render import quoted, terminal
from certhia.store.eventrow import EventRow, add
from certhia.store.place import FILE, Place

EVERY: Final = 2.0  # seconds between two writes

# Adds events, and how many of each of these types are kept.
Write = Callable[[Sequence[EventRow], Mapping[str, int]], Awaitable[None]]


class Storing:
    """What waits to be written; no more of a type than are kept."""

    def __init__(self, write: Write, clock: Clock, tell: Tell) -> None:
        self._write = write
        self._clock = clock
        self._tell = tell
        self._waiting: dict[str, deque[EventRow]] = {}
        self._caps: dict[str, int] = {}
        self._broken = False
        self._blamed = False

    def put(self, row: EventRow, most: int) -> None:
        """One more, of which as many are kept as `most`."""
        if not self._broken:
            self._waiting.setdefault(row.type, deque(maxlen=most)).append(row)
            self._caps[row.type] = most

    async def flush(self) -> None:
        """Writes what waits. Where that fails, it is said, and nothing more is kept: the scan is worth more."""
        waiting, self._waiting = self._waiting, {}
        rows = [row for rows in waiting.values() for row in rows if self._is_sayable(row)]
        if not rows or self._broken:
            return
        try:
            await self._write(rows, {kind: self._caps[kind] for kind in waiting})
        except StateError as error:
            self._broken = True
            self._tell(f"events of this scan are kept no more: {error}", level="warning")

    def _is_sayable(self, row: EventRow) -> bool:
        """Whether it can be written: data of a program's own events may be anything. Says so once of one that can't."""
        try:
            row.values()
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            if not self._blamed:
                what = terminal(f"{type(error).__name__}: {error}")
                self._tell(f"an event {quoted(row.type)} is not kept, its data must be JSON: {what}", level="warning")
            self._blamed = True
            return False
        return True

    async def run(self) -> None:
        """Writes now and then, until cancelled."""
        while True:
            await self._clock.sleep(EVERY)
            await self.flush()


@asynccontextmanager
async def stored(bus: Bus, place: Place, most: int, clock: Clock, tell: Tell, *, made: bool) -> AsyncIterator[None]:
    """Has all events of the bus kept in the state meanwhile, where there is one, or where it is to be `made`. One that
    can't be written to is told of, and left."""
    async with AsyncExitStack() as stack:
        write = await _writing(place, clock, tell, stack, made=made) if most else None
        if write is None:
            yield
            return
        storing = Storing(write, clock, tell)
        end = bus.on("*", lambda event: storing.put(row_of(event), most))
        task = asyncio.get_running_loop().create_task(storing.run(), name="storing events")
        try:
            yield
        finally:
            end()
            task.cancel()
            await asyncio.wait([task])
            await storing.flush()


async def _writing(place: Place, clock: Clock, tell: Tell, stack: AsyncExitStack, *, made: bool) -> Write | None:
    """What writes to the state there; None where there is none."""
    file = place.directory / FILE
    if place.database is None and not made and not file.is_file():
        return None
    try:
        if place.database is None and file.is_file():
            return _beside(file)
        from certhia.store.events import append  # noqa: PLC0415  (SQLAlchemy costs 20 MB)
        from certhia.store.state import State  # noqa: PLC0415

        if place.database is None:
            async with await State.open(place, clock=clock, follow=True):
                pass  # its tables are there now
            return _beside(file)
        state = await stack.enter_async_context(await State.open(place, clock=clock, follow=False))
        return partial(append, state)
    except StateError as error:
        tell(f"events of this scan are not kept: {error}", level="warning")
        return None


def _beside(file: Path) -> Write:
    async def write(rows: Sequence[EventRow], most: Mapping[str, int]) -> None:
        await asyncio.to_thread(add, file, rows, most)

    return write
