"""Settings that hold for all platforms."""

from __future__ import annotations

from certhia.config.platforms import Platforms


def test_every_six_hours_a_hundred_programmes_unless_told_otherwise() -> None:
    assert (Platforms().sync_interval, Platforms().max_programs) == (6 * 3600, 100)
    assert Platforms().each == {}
