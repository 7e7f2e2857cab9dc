"""What goes wrong with a module, and when it has gone wrong too often."""

from __future__ import annotations

from certhia.modules.failing import HOUR, Failed, Fault, Strikes
from certhia.testing import SimClock


def test_three_in_a_row(certhia_clock: SimClock) -> None:
    strikes = Strikes(certhia_clock)
    assert [strikes.struck(Fault.RAISED), strikes.struck(Fault.RAISED)] == [False, False]
    strikes.well()
    assert [strikes.struck(Fault.RAISED) for _ in range(3)] == [False, False, True]


def test_three_of_those_that_cost_a_process_within_an_hour(certhia_clock: SimClock) -> None:
    strikes = Strikes(certhia_clock)
    for fault, off in ((Fault.LATE, False), (Fault.DIED, False), (Fault.GREW, True)):
        assert strikes.struck(fault) is off
        strikes.well()


def test_what_is_long_ago_is_forgiven(certhia_clock: SimClock) -> None:
    strikes = Strikes(certhia_clock)
    for _ in range(5):
        assert not strikes.struck(Fault.LATE)
        strikes.well()
        certhia_clock.advance(HOUR / 2)


def test_a_failure_says_how() -> None:
    error = Failed(Fault.LATE, "took longer than 5 s")
    assert (error.fault, str(error)) == (Fault.LATE, "took longer than 5 s")
