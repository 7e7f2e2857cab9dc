"""What a follower is given, as it is unless said otherwise."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from certhia.config import load
from certhia.logs.reading import ALL, Origin, Reading
from certhia.quantity import Backlog, Point


def test_defaults_are_those_of_the_settings() -> None:
    reading, read = Reading(), load({}, None, {"HOME": "/nonexistent"}).read
    assert (reading.poll_static, reading.poll_rfc6962) == (read.poll_static, read.poll_rfc6962) == (10, 30)
    assert reading.patience == read.patience == 60
    assert reading.until is read.until is None
    assert Origin().point.kind == read.from_.kind == "now"


def test_a_backlog_is_proven_at_least_every_65536_entries_or_60_seconds() -> None:
    assert Reading().verify_entries <= 65_536
    assert Reading().verify_seconds <= 60


def test_nothing_is_skipped_unless_asked() -> None:
    assert Reading().max_backlog == ALL == Backlog(None, None)


def test_a_fresh_origin_has_nothing_verified() -> None:
    origin = Origin(Point("beginning"))
    assert (origin.verified, origin.edge, origin.head, origin.since) == (None, b"", None, None)


def test_they_do_not_change_under_a_follower() -> None:
    with pytest.raises(FrozenInstanceError):
        Reading().patience = 1.0  # type: ignore[misc]
