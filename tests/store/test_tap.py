"""A tap has all that was committed since it was opened, or says that it has not."""

from __future__ import annotations

from tests.sinks.conftest import delivery

from certhia.store.tap import MOST, Tap


def test_in_order_between_two_numbers() -> None:
    tap = Tap()
    tap.put(delivery(1))
    assert tap.take(0, None, 10) == []
    tap.open()
    for number in range(1, 8):
        tap.put(delivery(number))
    assert [one.id for one in tap.take(2, 5, 10)] == [3, 4]
    assert [one.id for one in tap.take(4, None, 2)] == [5, 6]
    assert [one.id for one in tap.take(4, None, 2)] == [7]
    assert tap.whole


def test_one_that_is_not_emptied_is_closed() -> None:
    tap = Tap()
    tap.open()
    for number in range(MOST + 1):
        tap.put(delivery(number))
    assert not tap.whole
    assert tap.take(0, None, 10) == []
    tap.open()
    assert tap.whole
