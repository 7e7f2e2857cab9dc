"""The last events of each type go to the state."""

from __future__ import annotations

from collections.abc import Callable

from certhia.events.event import Event
from certhia.store.eventrow import EventRow


class Keeping:
    """A handler of all events.

    Attributes:
        most: how many of each type are kept; 0 keeps none.
    """

    def __init__(self, keep: Callable[[EventRow, int], None], most: int) -> None:
        """`keep`: `State.writer.event`, or what takes the same."""
        self.most = most
        self._keep = keep

    def __call__(self, event: Event) -> None:
        """Keeps it. Raises StateError, which the state's writer raises for the whole run."""
        if self.most:
            self._keep(row_of(event), self.most)


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
