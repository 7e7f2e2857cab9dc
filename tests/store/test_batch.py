"""Counts and sums of what is in a table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from certhia.store.batch import Batch, Tally
from certhia.store.codec import MARKS

marks = st.lists(st.integers(0, MARKS - 1))


@given(marks, marks, st.randoms())
def test_a_tally_tells_sets_of_rows_apart_whatever_their_order(
    kept: list[int], gone: list[int], random: object
) -> None:
    tally, expected = Tally(), Tally()
    tally.add(kept)
    tally.add(gone)
    tally.take(gone[::-1])
    expected.add(sorted(kept))
    assert tally == expected
    assert 0 <= tally.sum < MARKS


def test_batches_share_nothing() -> None:
    one, other = Batch(), Batch()
    one.delivered.append(1)
    one.settings["a"] = "b"
    assert other == Batch()
