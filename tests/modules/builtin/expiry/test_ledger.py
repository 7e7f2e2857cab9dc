"""The newest certificate of each name, and which run out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.modules.builtin.expiry.cases import DAY, START, match

from certhia.model import Match, MatchKind
from certhia.modules.builtin.expiry import ledger as module
from certhia.modules.builtin.expiry.ledger import KEPT, OVER, Ledger, Told, watched

BEFORE = (30.0 * DAY, 14.0 * DAY, 7.0 * DAY, 1.0 * DAY)


def filled(*matches: Match) -> Ledger:
    ledger = Ledger()
    for one in matches:
        ledger.add(one, 0.0)
    return ledger


def due(ledger: Ledger, day: float, told: dict[str, Told] | None = None) -> list[tuple[tuple[str, ...], float]]:
    """Names and how many days before the end."""
    found = ledger.due(START + day * DAY, 0.0, BEFORE, told or {})
    return [(one.names, one.before / DAY) for one in found]


def test_each_threshold_is_told_once() -> None:
    ledger, told, said = filled(match(1, "a.example.com", "b.example.com", ends=90)), dict[str, Told](), []
    for day in range(50, 95):
        for one in ledger.due(START + day * DAY, 0.0, BEFORE, told):
            said.append((day, one.before / DAY, one.names))
            told.update(dict.fromkeys(one.names, Told(one.held.not_after, one.before)))
    names = ("a.example.com", "b.example.com")
    assert said == [(60, 30, names), (76, 14, names), (83, 7, names), (89, 1, names), (90, OVER, names)]


def test_one_that_is_late_is_told_once() -> None:
    ledger = filled(match(1, "a.example.com", ends=90))
    assert due(ledger, 85) == [(("a.example.com",), 7)]
    assert due(ledger, 85, {"a.example.com": Told(START + 90 * DAY - 1, 7 * DAY)}) == []


def test_what_is_over_when_it_is_first_heard_of_is_not_told() -> None:
    assert due(filled(match(1, "a.example.com", ends=90)), 91) == []


def test_a_successor_ends_it() -> None:
    ledger = filled(match(1, "a.example.com", "b.example.com", ends=90), match(2, "a.example.com", ends=150))
    assert due(ledger, 60) == [(("b.example.com",), 30)]
    told = {name: Told(START + 90 * DAY - 1, 30 * DAY) for name in ("a.example.com", "b.example.com")}
    assert [(name, held.not_after) for name, held in ledger.renewed(told)] == [("a.example.com", START + 150 * DAY - 1)]


def test_one_for_all_names_beside_it_is_a_successor() -> None:
    ledger = filled(match(1, "a.example.com", "x.a.example.com", ends=90), match(2, "*.example.com", ends=150))
    assert due(ledger, 60) == [(("x.a.example.com",), 30)]
    told = {"a.example.com": Told(START + 90 * DAY - 1, 30 * DAY)}
    assert [name for name, _ in ledger.renewed(told)] == ["a.example.com"]


def test_an_older_one_that_comes_later_changes_nothing() -> None:
    ledger = filled(match(2, "a.example.com", ends=150), match(1, "a.example.com", ends=90))
    assert due(ledger, 60) == []


def test_short_lived_ones_are_told_of_in_their_last_third() -> None:
    ledger = filled(match(1, "a.example.com", ends=6, lives=6), match(2, "b.example.com", ends=47, lives=47))
    assert [due(ledger, day) for day in (0, 4, 5)] == [[], [], [(("a.example.com",), 1)]]
    assert [due(ledger, day)[-1] for day in (33, 40)] == [(("b.example.com",), 14), (("b.example.com",), 7)]


def test_it_waits_until_it_has_settled() -> None:
    ledger = Ledger()
    ledger.add(match(1, "a.example.com", ends=90), 100.0)
    assert ledger.due(START + 70 * DAY, 99.0, BEFORE, {}) == []
    assert len(ledger.due(START + 70 * DAY, 100.0, BEFORE, {})) == 1


def test_names_that_rules_name() -> None:
    one = match(1, "WWW.example.com.", "www.example.com", ends=90)
    assert watched(one) == ["www.example.com"]
    for why in ("lookalike", "keyword", "regex", "everything", "possible"):
        assert watched(match(1, "a.example.com", ends=90, why=why)) == []
    for why in ("exact", "apex", "below", "wildcard"):
        assert watched(match(1, "a.example.com", ends=90, why=why)) == ["a.example.com"]


@pytest.mark.parametrize("change", [{"fault": "garbage"}, {"kind": MatchKind.POSSIBLE}, {"not_after": 0}])
def test_what_cannot_be_read_is_left_alone(change: dict[str, object]) -> None:
    assert len(filled(replace(match(1, "a.example.com", ends=90), **change))) == 0  # type: ignore[arg-type]


def test_it_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = filled(match(1, "a.example.com", ends=90), match(2, "b.example.com", ends=150))
    ledger.forget(START + 91 * DAY + KEPT)
    assert (ledger.newest("a.example.com"), len(ledger)) == (None, 1)
    monkeypatch.setattr(module, "MAX_NAMES", 2)
    for number in range(5):
        ledger.add(match(number, f"n{number}.example.com", ends=90), 0.0)
    assert len(ledger) == 2
    assert ledger.newest("n4.example.com") is not None
