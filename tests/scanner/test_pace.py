from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.pace import Pace


def test_is_even() -> None:
    pace = Pace(10)
    assert pace.take(100.0) == 0.0
    assert 0.08 < pace.take(100.0) <= 0.1
    assert pace.until(101.0) == 0.0


@given(st.lists(st.floats(0, 0.05), min_size=200, max_size=400))
def test_the_rate_holds_over_any_second(pauses: list[float]) -> None:
    """However late one comes: never more than the rate and what one late turn makes good."""
    pace = Pace(100)
    now, moments = 50.0, []
    for pause in pauses:
        now += pause
        moments.append(now + pace.take(now))
    for i, first in enumerate(moments):
        assert sum(first <= moment < first + 1.0 for moment in moments[i:]) <= 102


def test_time_not_used_is_lost() -> None:
    pace = Pace(10)
    for _ in range(5):
        pace.take(0.0)
    assert pace.until(1000.0) == 0.0
    pace.take(1000.0)
    assert 0.08 < pace.take(1000.0) <= 0.1
