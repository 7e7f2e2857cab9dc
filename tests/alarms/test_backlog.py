"""Which backlogs are never caught up with, and which come and go."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from certhia.alarms.backlog import LOWS, TILE, Backlog
from certhia.alarms.board import LOOKS

HOUR = 12 * LOOKS  # looks, by the default interval


def first(lag: Callable[[int], int], looks: int, *, rate: float = 0.0, hasty: bool = False) -> int | None:
    """At which look it is found, if it is."""
    backlog = Backlog(hasty=hasty)
    return next((look for look in range(looks) if backlog.look(lag(look), rate)), None)


def sawtooth(period: int, rise: int, read: int) -> Callable[[int], int]:
    """Heads come every `period` looks, by `rise` entries more; `read` entries are read between two looks."""

    def lag(look: int) -> int:
        signed = (look // period + 1) * rise
        return max(signed - read * look, 0)

    return lag


@pytest.mark.parametrize("period", [1, 2, 5, 10, 30, 60])
def test_one_that_grows_in_steps_is_found(period: int) -> None:
    grows = sawtooth(period, period * 3000, 1200)
    found = first(grows, 24 * HOUR)
    assert found is not None
    assert found <= LOWS * HOUR


@pytest.mark.parametrize("period", [2, 5, 10, 30, 60, 120])
def test_one_that_is_caught_up_with_between_heads_is_none(period: int) -> None:
    assert first(sawtooth(period, period * 1000, 1200), 24 * HOUR, rate=20.0) is None
    assert first(sawtooth(period, period * 1000, 1200), 24 * HOUR, rate=20.0, hasty=True) is None


def test_a_long_one_that_shrinks_is_none() -> None:
    noise = random.Random(1)
    assert first(lambda look: 2_000_000 - 1000 * look + noise.randrange(2000), 24 * HOUR, rate=20.0) is None


def test_a_step_after_quiet_looks_is_about_to_be_read() -> None:
    assert first(lambda look: 60_000 if look == 10 else 0, 20, hasty=True) is None


def test_what_stands_still_for_an_interval() -> None:
    assert first(lambda _: TILE, HOUR, hasty=True) is None
    assert first(lambda _: TILE + 1, HOUR, hasty=True) == LOOKS - 1
    assert first(lambda _: TILE + 1, HOUR) == LOWS * LOOKS - 1, "a single log is given longer"


def test_it_stays_until_it_is_caught_up_with_and_waits_to_be_raised() -> None:
    backlog = Backlog(hasty=True)
    assert not any(backlog.look(9000, 0.0, raises=False) for _ in range(HOUR))
    assert backlog.look(9000, 0.0)
    assert backlog.look(5000, 0.0, raises=False)
    assert not backlog.look(100, 0.0)
    assert not backlog.look(9000, 0.0), "a new one begins anew"
