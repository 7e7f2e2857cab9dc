"""Durations in ct-scout's buckets."""

from __future__ import annotations

import pytest

from certhia.metrics.published import PUBLISHING, Durations, Published, Publishing


@pytest.mark.parametrize("seconds, bucket", [(0.0, 0), (0.001, 0), (0.0011, 1), (5.0, 10), (5.1, 11)])
def test_bounds_are_inclusive(seconds: float, bucket: int) -> None:
    one = Durations()
    one.add(seconds)
    assert one.counts.index(1) == bucket
    assert len(one.counts) == len(PUBLISHING) + 1


def test_several_together() -> None:
    one, other = Durations(), Durations()
    one.add(0.2)
    other.add(0.2)
    other.add(9.0)
    one.take(other)
    assert sum(one.counts) == 3
    assert one.seconds == pytest.approx(9.4)


def test_who_counts_so() -> None:
    class Redis:
        def __init__(self) -> None:
            self.published = Published()

    assert isinstance(Redis(), Publishing)
    assert not isinstance(object(), Publishing)
