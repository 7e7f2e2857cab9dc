"""Rules that match nothing."""

from __future__ import annotations

from certhia.rules.nothing import NOTHING


def test_nothing_is_found() -> None:
    assert len(NOTHING.matcher) == 0
    assert NOTHING.matcher.match(["example.com"]) == []
    assert NOTHING.hits([(0, "example.com", "san", "exact", "", 0)]) == ()
    assert NOTHING.is_streamed(())
