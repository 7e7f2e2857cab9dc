"""How long certificates are valid."""

from __future__ import annotations

from certhia.modules.builtin.validity import DAY, days, lifetime


def test_both_ends_count() -> None:
    assert lifetime(0, DAY - 1) == DAY


def test_durations_for_people() -> None:
    assert [days(one) for one in (3600 * 6, DAY, 2 * DAY, 90 * DAY)] == ["6 hours", "24 hours", "2 days", "90 days"]
