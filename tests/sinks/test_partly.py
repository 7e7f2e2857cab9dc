from __future__ import annotations

from tests.sinks.conftest import MAKE

from certhia.sinks import partly
from certhia.sinks.partly import Partly


def test_what_was_told_is_left_out_until_all_are(make: MAKE) -> None:
    some, kept = [make(1), make(2), make(3)], Partly()
    assert kept.left(some) == some
    kept.told(some[0])
    assert kept.left(some) == some[1:]
    kept.done(some)
    assert kept.left(some) == some


def test_it_keeps_no_more_than_it_may(make: MAKE) -> None:
    kept = Partly()
    for number in range(partly.REMEMBERED + 1):
        kept.told(make(number))
    assert kept.left([make(1), make(partly.REMEMBERED)]) == [make(1)]


def test_those_that_failed_are_left(make: MAKE) -> None:
    some, kept = [make(1), make(2), make(3)], Partly()
    kept.answered(some, [None, OSError("down"), None])
    assert kept.left(some) == some[1:2]
