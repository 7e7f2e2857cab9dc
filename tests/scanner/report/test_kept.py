"""What is made once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.report.kept import Kept


def test_made_once() -> None:
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    kept: Kept[str, str] = Kept(make, lambda _, text: len(text), 10)
    assert [kept("a"), kept("b"), kept("a")] == ["A", "B", "A"]
    assert made == ["a", "b"]


def test_what_is_asked_for_stays() -> None:
    made: list[int] = []

    def make(key: int) -> int:
        made.append(key)
        return key

    kept: Kept[int, int] = Kept(make, lambda _k, _v: 1, 4)
    for key in range(20):
        assert kept(0) == 0
        kept(key)
    assert made.count(0) == 1


@given(st.lists(st.integers(0, 30)), st.integers(1, 8))
def test_bounded(keys: list[int], most: int) -> None:
    kept: Kept[int, int] = Kept(lambda key: -key, lambda _k, _v: 1, most)
    for key in keys:
        assert kept(key) == -key
        assert len(kept) <= 2 * most
