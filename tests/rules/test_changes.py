"""What is said when rules have changed."""

from __future__ import annotations

import pytest

from certhia.rules import changes as module
from certhia.rules.changes import changes
from certhia.rules.watchlist import Watchlist

OLD = Watchlist.load(["one.example", "two.example"])


@pytest.mark.parametrize(
    "rules, said",
    [
        (["one.example", "two.example"], "none changed, 2 in all"),
        (["one.example", "two.example", "=three.example"], "1 added, 3 in all"),
        (["one.example"], "1 gone, 1 in all"),
        (["one.example", "*.two.example", "=three.example"], "2 added, 1 gone, 3 in all"),
        (["one.example", "two.example", "!x.one.example"], "1 added, 2 in all and 1 that exclude"),
    ],
)
def test_what_changed_is_counted(rules: list[str], said: str) -> None:
    assert changes(OLD, Watchlist.load(rules)) == (f"rules reloaded: {said}",)


def test_of_many_rules_only_totals_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COUNTED", 2)
    new = Watchlist.load([f"{number}.example" for number in range(1204)])
    assert changes(OLD, new) == ("rules reloaded: 1,204 in all, 2 before",)


def test_notices_are_told_once() -> None:
    wide = Watchlist.load(["co.uk"])
    line, notice = changes(OLD, wide)
    assert line == "rules reloaded: 1 added, 2 gone, 1 in all"
    assert "suffix" in notice
    assert changes(wide, Watchlist.load(["co.uk", "one.example"])) == ("rules reloaded: 1 added, 2 in all",)
