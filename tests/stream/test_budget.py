"""What a client may ask for in a while."""

from __future__ import annotations

import pytest

from certhia._core import Filter
from certhia.stream import budget
from certhia.stream.budget import Budget, Debts, refusal, work
from certhia.testing import SimClock, run_simulated


def test_some_at_once_then_one_a_second() -> None:
    async def main(clock: SimClock) -> None:
        budget, began, at = Budget(clock, 3, 1.0), clock.monotonic(), list[float]()
        for _ in range(6):
            await clock.sleep(budget.spend())
            at.append(clock.monotonic() - began)
        assert at == [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]
        await clock.sleep(100.0)
        began = clock.monotonic()
        for _ in range(4):
            await clock.sleep(budget.spend())
        assert clock.monotonic() - began == 1.0

    clock = SimClock()
    run_simulated(main(clock), clock=clock)


def test_who_asks_for_much_waits_for_longer() -> None:
    clock = SimClock()
    budget = Budget(clock, 3, 0.5)
    assert budget.spend() == 0.0
    assert budget.spend(7.0) == 10.0
    assert budget.spend() == 12.0


def test_what_a_filter_costs() -> None:
    assert work(None) == 0.0
    assert work(Filter([("tree", "example.com")])) < 0.01
    assert work(Filter([("tree", f"host{number}.example.com") for number in range(1000)])) == 2.0
    assert work(Filter([("regex", r"\w{20}a"), ("regex", r"\w{20}b")])) < 0.1
    assert work(Filter([("regex", r"\pL{20}a"), ("regex", r"\pL{20}b")])) > 2.0


def test_text_costs_whatever_it_says() -> None:
    assert work(None, 64 << 10) == 4.0
    assert work(Filter(kind="precert"), 64 << 10) == 4.0


def test_what_is_refused_costs_as_much_as_it_may_have_taken() -> None:
    clock = SimClock()
    debts = Debts(clock)
    assert debts.due("one") == 0.0
    for _ in range(5):
        debts.owe("one", 100)
    assert debts.due("one") == 0.0
    debts.owe("one", 64 << 10)
    assert debts.due("one") == pytest.approx((5 * refusal(100) + refusal(64 << 10) - 100.0) / 2.0)
    assert debts.due("two") == 0.0


def test_who_is_in_debt_is_remembered_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "DEBTORS", 2)
    debts = Debts(SimClock())
    for address in ("one", "two", "one", "three"):
        for _ in range(9):
            debts.owe(address, 0)
    assert (debts.due("two"), debts.due("one") > debts.due("three") > 0.0) == (0.0, True)
