"""What one refusal after another teaches. How well it does over minutes stands in test_pace."""

import itertools
import math

import pytest

from certhia.logs.limit import FIRST_PAUSE, FREE, LONGEST_PAUSE, LOWEST, Limit, Phase


def answer(limit: Limit, now: float) -> float:
    """One request as soon as it may go, answered; gives the time."""
    now = max(now, limit.ready_at())
    limit.sent(now)
    limit.answered(now)
    return now


def refuse(limit: Limit, now: float, wait: float | None = None) -> float:
    now = max(now, limit.ready_at())
    limit.sent(now)
    limit.refused(now, wait)
    return now


def test_nothing_is_known_at_first() -> None:
    limit = Limit()
    now = 5.0
    for _ in range(10_000):
        now = answer(limit, now)
    assert now == 5.0
    assert limit.phase is Phase.FREE
    assert limit.remembered is None


def test_the_first_no_brings_a_pause_and_a_low_rate() -> None:
    limit = Limit()
    refuse(limit, 0.0)
    assert limit.phase is Phase.SEEK
    assert limit.ready_at() == FIRST_PAUSE
    assert limit.rate == 1 / FIRST_PAUSE


@pytest.mark.parametrize("wait", [1.0, 30.0, 600.0])
def test_retry_after_is_the_pause(wait: float) -> None:
    limit = Limit()
    refuse(limit, 0.0, wait)
    assert limit.ready_at() == wait


def test_pauses_double_while_nothing_else_is_answered_and_end_at_ten_minutes() -> None:
    limit = Limit()
    times = [0.0]
    for _ in range(12):
        times.append(refuse(limit, times[-1]))
    pauses = [after - before for before, after in itertools.pairwise(times)][1:]
    assert pauses[:4] == [6, 12, 24, 48]
    assert pauses[-1] == LONGEST_PAUSE


def test_refusals_of_requests_that_were_out_already_change_no_rate() -> None:
    limit = Limit()
    for _ in range(8):
        limit.sent(0.0)
    limit.refused(0.1, None)
    before = (limit.phase, limit.rate)
    for _ in range(6):
        limit.refused(0.2, None)
    limit.answered(0.2)
    assert (limit.phase, limit.rate) == before


def test_without_any_further_refusal_it_is_free_again() -> None:
    limit = Limit()
    now = refuse(limit, 0.0)
    for _ in range(4000):
        now = answer(limit, now)
    assert limit.phase is Phase.FREE
    assert now < 60


def test_requests_that_come_late_teach_nothing() -> None:
    limit = Limit()
    now = refuse(limit, 0.0)
    rate = limit.rate
    for _ in range(100):
        now = answer(limit, now + 60.0)
    assert limit.rate == rate


@pytest.mark.parametrize("rate", [LOWEST / 10, 0.2, 10.0, FREE * 10])
def test_what_is_remembered_is_where_it_begins(rate: float) -> None:
    limit = Limit(rate)
    assert limit.phase is Phase.HOLD
    assert LOWEST * 0.9 <= limit.rate <= FREE
    assert limit.remembered is not None
    assert math.isfinite(limit.remembered)


def test_failures_lower_a_known_rate_a_little_and_make_none() -> None:
    free, known = Limit(), Limit(10.0)
    for limit in (free, known):
        limit.sent(0.0)
        limit.failed()
    assert free.phase is Phase.FREE
    assert 9 < known.rate < 9.5


def test_a_cancelled_request_is_forgotten() -> None:
    limit = Limit(10.0)
    for _ in range(5):
        limit.sent(limit.ready_at())
        limit.dropped()
    limit.dropped()
    answer(limit, limit.ready_at())
