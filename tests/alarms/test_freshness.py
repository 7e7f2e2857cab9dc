"""Log lists that are old."""

from __future__ import annotations

from certhia.alarms.freshness import OLDEST, UNREFRESHED, Freshness
from certhia.clock import utc
from certhia.logs.lists import Loaded
from certhia.logs.loglist import LogList
from certhia.testing import SimClock

DAY = 86_400.0


def loaded(clock: SimClock, *, complete: bool, age: float = 0.0, source: str = "google") -> Loaded:
    made = utc(clock.now() - age)
    return Loaded((), (), complete, made, (LogList(source, "1", made, ()),))


def test_a_list_that_could_not_be_loaded_for_days() -> None:
    clock = SimClock()
    lists = Freshness(clock)
    assert lists.old() == ""
    lists.loaded(loaded(clock, complete=True))
    clock.advance(UNREFRESHED)
    lists.loaded(loaded(clock, complete=False))
    assert lists.old() == ""
    clock.advance(1)
    assert lists.old().startswith("the log lists could not be loaded for 3 days")
    lists.loaded(loaded(clock, complete=True))
    assert lists.old() == ""


def test_earlier_runs_count() -> None:
    clock = SimClock()
    lists = Freshness(clock)
    lists.loaded(loaded(clock, complete=False), clock.now() - UNREFRESHED - 1)
    assert lists.old()
    first = Freshness(clock)
    first.loaded(loaded(clock, complete=False), None)
    assert first.old() == "", "who never had any is told at the start"
    clock.advance(UNREFRESHED + 1)
    assert first.old()


def test_a_published_list_that_is_old_itself() -> None:
    clock = SimClock()
    lists = Freshness(clock)
    lists.loaded(loaded(clock, complete=False, age=OLDEST + DAY))
    assert lists.old().startswith("the log list is of 2026-09-10, 71 days old")
    lists.loaded(loaded(clock, complete=True, age=OLDEST - DAY))
    assert lists.old() == ""
    lists.loaded(loaded(clock, complete=True, age=10 * OLDEST, source="file"))
    assert lists.old() == "", "one's own is as old as one likes"


def test_a_wall_clock_that_is_set_makes_no_list_old() -> None:
    clock = SimClock()
    lists = Freshness(clock)
    lists.loaded(loaded(clock, complete=True))
    for seconds in (5 * DAY, -10 * DAY):
        clock.step(seconds)
        assert lists.old() == ""
