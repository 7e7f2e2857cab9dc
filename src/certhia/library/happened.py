"""Stored events, for commands: those of a time, and those that come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import Final

from certhia.clock import Clock
from certhia.events.event import Event
from certhia.events.keeping import event_of
from certhia.store import State
from certhia.store.events import kept

LOOK: Final = 1.0  # seconds between two looks for more
LATE: Final = 15.0  # seconds by which one process may write an event later than another one writes a newer one


async def events(
    state: State, types: Collection[str], *, since: float = 0.0, most: int = 0, clock: Clock, follow: bool = False
) -> AsyncGenerator[Event, None]:
    """The oldest first. `most`: the last ones, so many; 0 for all. `follow`: and all that come, without end. Raises
    StateError."""
    told: dict[str, float] = {}
    async with aclosing(kept(state, types, since=since, most=most)) as rows:
        async for row in rows:
            told[row.id] = row.at
            yield event_of(row)
    began = clock.now()
    while follow:
        await clock.sleep(LOOK)
        after = max(since, min(began, clock.now() - LATE))
        told = {name: at for name, at in told.items() if at >= after}
        async with aclosing(kept(state, types, since=after)) as rows:
            async for row in rows:
                if row.id not in told:
                    told[row.id] = row.at
                    yield event_of(row)
