"""Settings of a platform of type yeswehack."""

from __future__ import annotations

from certhia.config.platforms import YesWeHackPlatform


def test_what_it_is_unless_told_otherwise() -> None:
    one = YesWeHackPlatform()
    assert one.type == "yeswehack"
    assert one.enabled
    assert not one.subdomains
    assert one.url == "https://api.yeswehack.com"
    assert one.token is None
