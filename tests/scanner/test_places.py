from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.places import Places


def test_nothing_is_done_at_first() -> None:
    assert 0 not in Places()
    assert Places().after(7) == 7


@given(st.integers(0, 20), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=6))
def test_places_and_the_next_one_that_is_none(low: int, written: list[tuple[int, int]]) -> None:
    spans = sorted((start, start + more) for start, more in written)
    places = {*range(low), *(place for start, end in spans for place in range(start, end))}
    done = Places(low, spans)
    assert bool(done) == bool(places)
    for place in range(80):
        assert (place in done) == (place in places)
        assert done.after(place) == next(one for one in range(place, 100) if one not in places)
