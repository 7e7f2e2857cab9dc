"""Settings of a platform of type bugcrowd."""

from __future__ import annotations

from certhia.config.platforms import BugcrowdPlatform


def test_what_it_is_unless_told_otherwise() -> None:
    one = BugcrowdPlatform()
    assert one.type == "bugcrowd"
    assert one.enabled
    assert not one.subdomains
    assert one.url == "https://bugcrowd.com"
    assert one.token is None
