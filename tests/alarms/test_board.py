"""An alarm is told once, and once when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from certhia.alarms.board import LOOKS, REMEMBERED, Alarms, Found, lasting, pause
from certhia.errors import StateError
from certhia.model import Alarm
from certhia.testing import SimClock, in_simulated_time


class Board:
    """A board, what it said, and what those who hear heard."""

    def __init__(self, clock: SimClock) -> None:
        self.said: list[tuple[str, str]] = []
        self.heard: list[tuple[str, bool]] = []
        self.alarms = Alarms(self.say, clock=clock, heard=[self.deaf, self.hear])

    def say(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append((level, f"{log}: {text}" if log else text))

    def deaf(self, alarm: Alarm, *, cleared: bool) -> None:
        if alarm.key == "loud":
            raise ValueError("too loud")

    def hear(self, alarm: Alarm, *, cleared: bool) -> None:
        self.heard.append((alarm.key, cleared))


def found(*keys: str, text: str = "is ill") -> list[Found]:
    return [Found(Alarm(key, text, log="Alpha")) for key in keys]


def test_once_when_it_is_raised_and_once_when_it_clears() -> None:
    clock = SimClock()
    board = Board(clock)
    began = clock.now()
    assert board.alarms.settle(found("a")) is True
    clock.advance(60)
    assert board.alarms.settle(found("a", text="is more ill")) is False
    assert board.said == [("error", "Alpha: alarm: is ill")]
    assert [(str(one), one.since) for one in board.alarms.now] == [("Alpha: is more ill", began)]
    clock.advance(60)
    assert board.alarms.settle([]) is True
    assert board.alarms.settle([]) is False
    assert board.said[1:] == [("warning", "Alpha: alarm over after 2 min: is more ill")]
    assert board.alarms.over == ("Alpha: is more ill (over after 2 min)",)
    assert board.heard == [("a", False), ("a", True)]
    board.alarms.settle(found("a"))
    assert len(board.said) == 3, "it is a new one then"


def test_what_was_said_already_is_not_said_again_but_passed_on() -> None:
    board = Board(SimClock())
    board.alarms.settle([Found(Alarm("a", "is ill"), told=True)])
    assert (board.said, board.heard) == ([], [("a", False)])
    board.alarms.settle([])
    assert board.said == [("warning", "alarm over after 0 s: is ill")]


def test_one_who_cannot_hear_costs_the_others_nothing() -> None:
    board = Board(SimClock())
    board.alarms.settle(found("loud"))
    assert board.heard == [("loud", False)]
    assert board.said[-1] == ("error", "an alarm could not be passed on: ValueError: too loud")


def test_a_fault_of_storage_in_one_who_hears_ends_the_run() -> None:
    def fail(alarm: Alarm, *, cleared: bool) -> None:
        raise StateError("disk")

    with pytest.raises(StateError):
        Alarms(lambda *_, **__: None, clock=SimClock(), heard=[fail]).settle(found("a"))


def test_what_is_over_is_remembered_within_bounds() -> None:
    board = Board(SimClock())
    for number in range(3 * REMEMBERED):
        board.alarms.settle(found(str(number)))
    assert len(board.alarms.over) == REMEMBERED


def test_a_wall_clock_that_is_set_clears_nothing_and_lasts_no_longer() -> None:
    clock = SimClock()
    board = Board(clock)
    board.alarms.settle(found("a"))
    clock.step(86_400)
    clock.advance(40)
    board.alarms.settle([])
    assert board.said[-1][1].endswith("alarm over after 40 s: is ill")


@in_simulated_time
async def test_it_looks_several_times_in_each_interval(certhia_clock: SimClock) -> None:
    board = Board(certhia_clock)
    looks, changes = list[float](), list[float]()

    async def look() -> Sequence[Found]:
        looks.append(certhia_clock.monotonic())
        return found("a") if len(looks) == 3 else []

    async def after() -> None:
        changes.append(certhia_clock.monotonic())

    try:
        async with certhia_clock.deadline(310):
            await board.alarms.watch(look, lambda: 300.0, after)
    except TimeoutError:
        pass
    assert looks == [60, 120, 180, 240, 300]
    assert changes == [180, 240]
    assert (LOOKS, pause(1.0)) == (5, 1.0)


@in_simulated_time
async def test_it_looks_at_once_when_somebody_knows_of_something(certhia_clock: SimClock) -> None:
    board, looks = Board(certhia_clock), list[float]()

    async def look() -> Sequence[Found]:
        looks.append(certhia_clock.monotonic())
        return []

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(board.alarms.watch(look, lambda: 300.0))
        await certhia_clock.sleep(7)
        board.alarms.soon()
        await certhia_clock.sleep(60.5)
        watching.cancel()
    assert looks == [7, 67]


def test_how_long_it_lasted() -> None:
    assert [lasting(seconds) for seconds in (0, 119, 120, 7199, 7200, 172_799, 172_800)] == [
        *("0 s", "119 s", "2 min", "120 min", "2 h", "48 h", "2 days"),
    ]
