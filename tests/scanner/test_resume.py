"""Which places are done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.places import Places
from certhia.scanner.resume import Done

BORDER = 30
PLACES = st.lists(st.integers(0, 60), unique=True)


@given(PLACES, st.integers(0, 60))
def test_it_is_a_set_of_places(places: list[int], half: int) -> None:
    """Also where it was written down and read again in the midst."""
    done = Done(BORDER)
    for place in places[:half]:
        done.add(place)
    again = Done(BORDER, done.spans())
    for place in places[half:]:
        again.add(place)
    seen = Places(0, again.spans())
    assert {place for place in range(70) if place in seen} == {*places}
    assert len(again) == len(places)


@given(st.permutations(range(12)), st.lists(st.integers(1, 4), min_size=12, max_size=12))
def test_runs_that_come_to_nothing(order: list[int], lengths: list[int]) -> None:
    """Each unit has a place that is done, and a run behind it that is skipped, in any order."""
    starts = [sum(lengths[:number]) for number in range(12)]
    done = Done(10**6)
    for number in order:
        done.skip(range(starts[number] + 1, starts[number] + lengths[number]))
        done.add(starts[number])
    assert done.spans() == [(0, sum(lengths))]


RUNS = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 6)))


@given(RUNS, RUNS)
def test_runs_may_come_again(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    """As they do after a scan was resumed, also in other pieces."""
    done, wanted = Done(BORDER), set[int]()
    for number, (start, length) in enumerate((*first, (0, 0), *second)):
        done = Done(BORDER, done.spans()) if number == len(first) else done
        done.skip(range(start, min(start + length, BORDER)))
        wanted |= {*range(start, min(start + length, BORDER))}
    seen = Places(0, done.spans())
    assert {place for place in range(40) if place in seen} == wanted


@given(PLACES)
def test_spans_ascend_and_do_not_touch(places: list[int]) -> None:
    done = Done(BORDER)
    for place in places:
        done.add(place)
    end = -1
    for start, stop in done.spans():
        assert (end < start < stop) or (start == BORDER and end == BORDER)
        end = stop


def test_in_order_it_takes_no_memory() -> None:
    done = Done(1 << 64)
    for place in range(1000):
        done.add(place)
        done.add((1 << 64) + place)
    assert done.spans() == [(0, 1000), (1 << 64, (1 << 64) + 1000)]


def test_twice_does_no_harm() -> None:
    done = Done(BORDER)
    for place in (0, 0, 2, 2, 1, 0):
        done.add(place)
    assert (done.spans(), len(done)) == ([(0, 3)], 3)


@pytest.mark.parametrize("spans", [[(5, 5)], [(-1, 2)], [(6, 8), (8, 9)], [(9, 10), (6, 7)], [(20, 40)]])
def test_what_cannot_have_been_written(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="out of order"):
        Done(BORDER, spans)
