"""Roots of the blocks of any range, whatever the pages that its entries come in."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Edge, Page, cover
from certhia.errors import Lagging
from certhia.logs.roots import Roots


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 1 << 30))
def test_roots_of_any_range(start: int, end: int, seed: int) -> None:
    start, end = min(start, end), max(start, end)
    choose = random.Random(seed)
    leaves = b"".join(index.to_bytes(32) for index in range(end))
    roots = Roots((start, end))
    while roots.at < end:
        roots.append(_page(leaves, roots.at, min(end, roots.at + choose.randint(1, 90))))
    assert [place_ for place_, _, _ in roots.blocks] == cover(start, end)
    for (level, index), first, root in roots.blocks:
        edge = Edge()
        edge.append(leaves[32 * (index << level) : 32 * ((index + 1) << level)])
        assert root == edge.root()
        assert first == (index << level).to_bytes(32)


class _Leaves:
    """What is looked at of a page."""

    def __init__(self, first: int, end: int, leaf_hashes: bytes) -> None:
        self.first, self.end, self.leaf_hashes = first, end, leaf_hashes


def _page(leaves: bytes, start: int, end: int) -> Page:
    return _Leaves(start, end, leaves[32 * start : 32 * end])  # type: ignore[return-value]


def test_entries_that_are_not_the_next_ones() -> None:
    roots = Roots((3, 9))
    with pytest.raises(Lagging, match="entries from 3 on were asked for, and came from 4 on"):
        roots.append(_page(bytes(32 * 9), 4, 9))
