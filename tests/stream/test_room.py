"""What filters take together: counted once, bounded, and never more than the core takes."""

from __future__ import annotations

import pytest

from certhia._core import Audience, Filter
from certhia.errors import ConfigError
from certhia.stream import room
from certhia.stream.room import Room

PLAIN = Filter([("tree", "example.com"), ("keyword", "login"), ("typo", "example.com")], issuers=["R3"], tlds=["com"])
SMALL = Filter([("regex", r"paypal-?login")])


def large(number: int) -> Filter:
    """More than a megabyte of expressions."""
    return Filter([("regex", rf"\pL{{40}}c{number}")])


def test_what_is_no_expression_takes_nothing() -> None:
    names = [("tree", f"{number}.{'long.' * 40}example.com") for number in range(1000)]
    for wanted in (Filter(), PLAIN, Filter(names), Filter(kind="precert")):
        assert wanted.compiled == 0
    assert 1_000 < SMALL.compiled < 3_000
    assert 1_000_000 < large(1).compiled < 2_000_000


def test_a_filter_counts_once_and_as_long_as_somebody_wants_it() -> None:
    taken = Room()
    for wanted in (SMALL, Filter([("regex", r"paypal-?login")]), PLAIN, None):
        taken.take(wanted)
    assert (taken.held, taken.parts) == (SMALL.compiled, 2 + 6)
    taken.give(SMALL)
    assert taken.held == SMALL.compiled
    for one in (SMALL, PLAIN, None):
        taken.give(one)
    assert (taken.held, taken.parts) == (0, 0)


def test_what_does_not_fit_is_refused_and_others_are_not() -> None:
    taken = Room(2_000_000)
    taken.check(large(1))
    taken.take(large(1))
    with pytest.raises(ConfigError, match="there is no room for more regular expressions now"):
        taken.check(large(2))
    for fits in (large(1), SMALL, PLAIN):
        taken.check(fits)


def test_rules_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PARTS", 7)
    taken = Room()
    taken.take(PLAIN)
    taken.check(PLAIN)
    with pytest.raises(ConfigError, match="there is no room for more rules now"):
        taken.check(SMALL)


def test_all_that_fits_can_be_compiled_together() -> None:
    taken, filters = Room(), list[Filter]()
    with pytest.raises(ConfigError):
        while True:
            filters.append(large(len(filters)))
            taken.check(filters[-1])
            taken.take(filters[-1])
    assert Audience(filters[:-1]).nbytes <= 64 << 20
