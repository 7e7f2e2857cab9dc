"""The last events of each type go to the state."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from certhia.clock import Clock
from certhia.events.event import Event
from certhia.events.types import KINDS
from certhia.model import Tell
from certhia.render import quoted, terminal
from certhia.store.eventrow import EventRow

EVERY: Final = 1.0  # seconds between two times that events are staged
OTHERS: Final = 100  # types of modules' own that are kept
LONGEST: Final = 64  # characters of such a type


class Keeping:
    """A handler of all events. They are staged in their turn, every second: of a burst no more than are kept.

    Attributes:
        most: how many of each type are kept; 0 keeps none.
    """

    def __init__(
        self, keep: Callable[[EventRow, int], None], most: int, clock: Clock, tell: Tell | None = None
    ) -> None:
        """`keep`: `State.writer.event`, or what takes the same. `tell` hears, once, of what can't be kept."""
        self.most = most
        self._keep = keep
        self._clock = clock
        self._tell = tell
        self._waiting: dict[str, deque[Event]] = {}
        self._others = set[str]()

    def __call__(self, event: Event) -> None:
        """Has it kept with the next ones."""
        most = self.most
        if event.type not in KINDS and not self._is_known(event.type):
            return
        waiting = self._waiting.get(event.type)
        if waiting is None or waiting.maxlen != most:
            waiting = self._waiting[event.type] = deque(waiting or (), maxlen=most)
        waiting.append(event)

    def _is_known(self, type_: str) -> bool:
        """Whether it is among the first `OTHERS` types that modules made up."""
        if type_ not in self._others and len(self._others) < OTHERS and len(type_) <= LONGEST:
            self._others.add(type_)
        return type_ in self._others

    def flush(self) -> None:
        """Stages what waits, but what JSON can't say: data of a program's own may be anything. Raises StateError."""
        waiting, self._waiting = self._waiting, {}
        for event in (event for events in waiting.values() for event in events):
            try:
                self._keep(row_of(event), self.most)
            except (TypeError, ValueError, AttributeError, RecursionError) as error:
                self._blame(event, error)

    def _blame(self, event: Event, error: Exception) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            what = f"{type(error).__name__}: {error}"
            tell(f"an event {quoted(event.type)} is not kept, its data must be JSON: {terminal(what)}", level="warning")

    async def run(self, _faults: int = 0) -> None:
        """Every second, until cancelled. Raises StateError."""
        while True:
            await self._clock.sleep(EVERY)
            self.flush()


def row_of(event: Event) -> EventRow:
    """An event as it is stored."""
    version = event.metadata.get("version", 1)
    return EventRow(
        event.id,
        event.type,
        event.timestamp,
        event.source,
        event.correlation,
        version if isinstance(version, int) else 1,
        event.data,
    )


def event_of(row: EventRow) -> Event:
    """What was stored."""
    metadata = {"correlation_id": row.correlation, "version": row.version}
    return Event(row.id, row.type, row.at, row.source, row.data, metadata)
