"""Patterns of strangers: what they fit, and that none takes long."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.stream.globs import fits


@given(st.text("ab?.", max_size=12), st.text("ab*?.", max_size=10))
def test_as_everybody_knows_them(name: str, glob: str) -> None:
    assert fits(name, glob) == fnmatchcase(name, glob)


@pytest.mark.parametrize("glob", ["a*" * 99 + "b", "?*" * 99 + "b", "*" * 199 + "b", "?" * 199 + "b", "*?a" * 66 + "b"])
def test_what_would_go_back_for_ever_ends(glob: str) -> None:
    assert not fits("a" * 200, glob)


def test_brackets_are_themselves() -> None:
    assert fits("log [test]", "*[test]")
    assert not fits("log t", "*[test]")
