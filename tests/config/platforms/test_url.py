"""Settings of a platform of type url."""

from __future__ import annotations

from certhia.config.platforms import UrlPlatform


def test_what_it_is_unless_told_otherwise() -> None:
    one = UrlPlatform(url="https://a.example/x.json?key=1")
    assert one.type == "url"
    assert one.enabled
    assert not one.subdomains
    assert one.url == "https://a.example/x.json?key=1"
    assert one.token is None
