"""What others want of a page, had in one walk."""

from __future__ import annotations

import pytest

from certhia.rules.watchlist import Watchlist
from certhia.sought import NOTHING, Sought, scanned
from certhia.testing.modules import page_of

PAGE = page_of("a.example", "b.example", "c.test")


def positions(watchlist: Watchlist, *others: Watchlist, names: bool = False) -> list[list[int]]:
    scan, scans = scanned(PAGE, watchlist, Sought(tuple(one.matcher for one in others), names), precerts=True)
    assert [*scans] == [one.matcher for one in others]
    return [[position for position, _ in one.hits] for one in (scan, *scans.values())]


@pytest.mark.parametrize("names", [False, True])
def test_each_has_what_it_asked_for(names: bool) -> None:
    first, second, third = Watchlist("a.example"), Watchlist("kw:example"), Watchlist("c.test")
    assert positions(first, names=names) == [[0]]
    assert positions(first, second, third, names=names) == [[0], [0, 1], [2]]


def test_nothing_besides_is_the_plain_way() -> None:
    scan, scans = scanned(PAGE, Watchlist("b.example"), NOTHING, precerts=False)
    assert ([position for position, _ in scan.hits], scans) == ([1], {})
