"""Events on their way to the state, and back."""

from __future__ import annotations

from certhia.events.event import Event
from certhia.events.keeping import Keeping, event_of, row_of
from certhia.store.eventrow import EventRow

ONE = Event("id1", "a.b", 5.0, "test", {"n": 1}, {"correlation_id": "ab", "version": 2})


def test_it_comes_back_as_it_was() -> None:
    assert event_of(row_of(ONE)) == ONE


def test_none_are_kept_where_none_are_wanted() -> None:
    kept = list[tuple[EventRow, int]]()
    keeping = Keeping(lambda row, most: kept.append((row, most)), 3)
    keeping(ONE)
    keeping.most = 0
    keeping(ONE)
    assert kept == [(row_of(ONE), 3)]
