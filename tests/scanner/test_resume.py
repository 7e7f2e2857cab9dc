"""Which targets are done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.resume import Done

PLACES = st.lists(st.integers(0, 40), max_size=60)


@given(PLACES, PLACES)
def test_it_is_a_set_of_places(first: list[int], second: list[int]) -> None:
    """Also where it was written down and read again in the midst."""
    done = Done()
    for place in first:
        done.add(place)
    again = Done(done.low, done.spans())
    for place in second:
        again.add(place)
    wanted = {*first, *second}
    assert {place for place in range(45) if place in again} == wanted
    assert len(again) == len(wanted)
    assert again.low == next(place for place in range(50) if place not in wanted)


@given(PLACES)
def test_spans_ascend_and_do_not_touch(places: list[int]) -> None:
    done = Done()
    for place in places:
        done.add(place)
    ends = [done.low]
    for start, end in done.spans():
        assert ends[-1] < start < end
        ends.append(end)


def test_in_order_it_takes_no_memory() -> None:
    done = Done()
    for place in range(1000):
        done.add(place)
    assert (done.low, done.spans(), len(done)) == (1000, [], 1000)


@pytest.mark.parametrize("spans", [[(5, 5)], [(2, 4)], [(6, 8), (8, 9)], [(9, 10), (6, 7)]])
def test_what_cannot_have_been_written(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="out of order"):
        Done(5, spans)
