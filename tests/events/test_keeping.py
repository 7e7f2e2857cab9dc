"""Events on their way to the state, and back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from certhia.events.event import Event
from certhia.events.keeping import EVERY, LONGEST, OTHERS, Keeping, event_of, row_of
from certhia.store.eventrow import EventRow
from certhia.testing import SimClock, in_simulated_time

ONE = Event("id1", "a.b", 5.0, "test", {"n": 1}, {"correlation_id": "ab", "version": 2})


def test_it_comes_back_as_it_was() -> None:
    assert event_of(row_of(ONE)) == ONE


def test_of_a_burst_no_more_are_staged_than_are_kept(certhia_clock: SimClock) -> None:
    kept = list[tuple[EventRow, int]]()
    keeping = Keeping(lambda row, most: kept.append((row, most)), 2, certhia_clock)
    for number in range(100):
        keeping(replace(ONE, id=f"id{number}"))
    keeping(replace(ONE, type="c.d"))
    assert kept == []
    keeping.flush()
    keeping.flush()
    assert [(row.type, row.id, most) for row, most in kept] == [
        ("a.b", "id98", 2),
        ("a.b", "id99", 2),
        ("c.d", "id1", 2),
    ]


def test_none_are_kept_where_none_are_wanted(certhia_clock: SimClock) -> None:
    kept = list[EventRow]()
    keeping = Keeping(lambda row, _: kept.append(row), 3, certhia_clock)
    keeping(ONE)
    keeping.most = 0
    keeping(ONE)
    keeping.flush()
    assert kept == []


@in_simulated_time
async def test_every_second(certhia_clock: SimClock) -> None:
    kept = list[EventRow]()
    keeping = Keeping(lambda row, _: kept.append(row), 3, certhia_clock)
    task = asyncio.get_running_loop().create_task(keeping.run())
    keeping(ONE)
    await certhia_clock.sleep(EVERY * 1.5)
    assert kept == [row_of(ONE)]
    task.cancel()


def test_types_that_modules_make_up_are_bounded(certhia_clock: SimClock) -> None:
    kept = list[str]()
    keeping = Keeping(lambda row, _: kept.append(row.type), 3, certhia_clock)
    for number in range(OTHERS * 2):
        keeping(replace(ONE, type=f"mine.t{number}"))
    keeping(replace(ONE, type="x" * (LONGEST + 1)))
    keeping(replace(ONE, type="scan.started"))
    keeping.flush()
    assert kept == [*(f"mine.t{number}" for number in range(OTHERS)), "scan.started"]


def test_what_cannot_be_kept_is_told_once_and_costs_the_others_nothing(certhia_clock: SimClock) -> None:
    kept, said = list[str](), list[str]()

    def keep(row: EventRow, _: int) -> None:
        row.values()
        kept.append(row.id)

    keeping = Keeping(keep, 5, certhia_clock, lambda text, **_: said.append(text))
    for number, value in enumerate((object(), 1, float("nan"), {2}, "x")):
        keeping(replace(ONE, id=f"id{number}", data={"n": value}))
    keeping.flush()
    assert kept == ["id1", "id4"]
    assert said == [
        'an event "a.b" is not kept, its data must be JSON: TypeError: Object of type object is not JSON serializable'
    ]
