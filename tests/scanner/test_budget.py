from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner import budget as budgets
from certhia.scanner.budget import ALLOWANCE, BESIDE, INTERVAL, WINDOW, Budget, Turns
from certhia.testing import SimClock


def test_an_address_is_asked_once_a_minute() -> None:
    clock = SimClock()
    budget = Budget(clock=clock)
    assert budget.wait("192.0.2.1", "a.example") == 0
    assert budget.take("192.0.2.1", "a.example")
    assert not budget.take("192.0.2.1", "b.example.org")
    assert budget.take("192.0.2.2", "b.example.org")
    clock.advance(INTERVAL - 1)
    assert budget.wait("192.0.2.1") == pytest.approx(1)
    clock.advance(1)
    assert budget.take("192.0.2.1")


@pytest.mark.parametrize(
    "one, other",
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::9"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_addresses_that_are_one_customers_are_one(one: str, other: str) -> None:
    budget = Budget(clock=SimClock())
    assert budget.take(one)
    assert not budget.take(other)
    assert budget.take("2001:db8:0:1::1")


def test_a_registrable_domain_has_an_allowance() -> None:
    clock = SimClock()
    budget = Budget(clock=clock)
    for number in range(ALLOWANCE):
        assert budget.take(f"10.0.{number >> 8}.{number & 255}", f"h{number}.example.co.uk")
    assert not budget.take("10.1.0.0", "more.example.co.uk")
    assert budget.take("10.1.0.0", "other.co.uk")
    assert budget.wait("10.2.0.0", "example.co.uk") == pytest.approx(WINDOW)
    clock.advance(WINDOW)
    assert budget.take("10.2.0.0", "example.co.uk")


def test_a_refusal_costs_nothing() -> None:
    clock = SimClock()
    budget = Budget(allowance=2, clock=clock)
    budget.take("192.0.2.1", "a.example.com")
    for _ in range(10):
        assert not budget.take("192.0.2.1", "a.example.com")
    assert budget.take("192.0.2.2", "a.example.com")
    assert not budget.take("192.0.2.3", "a.example.com")


def test_what_is_remembered_is_bounded_and_nobody_gains_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who floods it with other addresses does not make it forget one that was asked."""
    monkeypatch.setattr(budgets, "MAX_TRACKED", 100)
    clock = SimClock()
    budget = Budget(clock=clock)
    assert budget.take("192.0.2.1", "a.example")
    asked = sum(budget.take(f"10.0.{number >> 8}.{number & 255}", f"d{number}.example") for number in range(1000))
    assert asked == 99
    assert len(budget._addresses) == len(budget._domains) == 100
    assert not budget.take("192.0.2.1", "a.example")
    clock.advance(INTERVAL)
    assert budget.take("192.0.2.1", "a.example")


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(0, 3), st.integers(0, 2)), max_size=60))
def test_no_address_is_asked_twice_in_an_interval_nor_a_domain_too_often(
    steps: list[tuple[float, int, int]],
) -> None:
    clock = SimClock()
    budget = Budget(interval=30, allowance=4, window=200, clock=clock)
    taken: list[tuple[float, str, str]] = []
    for seconds, address, domain in steps:
        clock.advance(seconds)
        asked = (f"192.0.2.{address}", f"h.d{domain}.example")
        waits = budget.wait(*asked)
        assert budget.take(*asked) == (waits == 0)
        if waits == 0:
            taken.append((clock.monotonic(), *asked))
    for where in {one[1] for one in taken}:
        times = [time for time, asked_at, _ in taken if asked_at == where]
        assert all(later - earlier >= 30 - 1e-9 for earlier, later in pairwise(times))
    for name in {one[2] for one in taken}:
        times = [time for time, _, asked_by in taken if asked_by == name]
        assert all(times[at + 8] - times[at] >= 200 - 1e-6 for at in range(len(times) - 8))


def test_turns_come_one_after_the_other() -> None:
    clock = SimClock()
    turns, begun = Turns(clock=clock), clock.monotonic()
    assert [turns.take("192.0.2.1") - begun for _ in range(3)] == [0, BESIDE, 2 * BESIDE]
    assert turns.take("192.0.2.2") == begun
    assert [turns.take(f"2001:db8::{number}") - begun for number in (1, 2)] == [0, BESIDE]
    clock.advance(10)
    assert turns.take("192.0.2.1") == begun + 10
    assert [Turns(0, clock=clock).take("192.0.2.1") for _ in range(2)] == [begun + 10] * 2


def test_turns_that_are_over_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MAX_TRACKED", 10)
    clock = SimClock()
    turns = Turns(clock=clock)
    for _ in range(20):
        turns.take("192.0.2.1")
    for number in range(100):
        clock.advance(0.1)
        turns.take(f"198.51.100.{number}")
    assert turns.take("192.0.2.1") - clock.monotonic() == pytest.approx(10)
