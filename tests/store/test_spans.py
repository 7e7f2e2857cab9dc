"""Ranges against sets of entries."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from certhia.store.spans import Span, joined, without

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def entries(some: list[Span]) -> set[int]:
    return {index for start, end in some for index in range(start, end)}


def in_order_and_apart(some: list[Span]) -> bool:
    return all(start < end for start, end in some) and all(one[1] < other[0] for one, other in pairwise(some))


@given(spans)
def test_joined(some: list[Span]) -> None:
    assert entries(joined(some)) == entries(some)
    assert in_order_and_apart(joined(some))


@given(st.tuples(st.integers(0, 30), st.integers(0, 30)), spans)
def test_without(span: Span, taken: list[Span]) -> None:
    assert entries(without(span, taken)) == entries([span]) - entries(taken)
    assert in_order_and_apart(without(span, taken))
