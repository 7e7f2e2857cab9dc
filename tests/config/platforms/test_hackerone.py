"""Settings of a platform of type hackerone."""

from __future__ import annotations

from pydantic import SecretStr

from certhia.config.platforms import HackerOnePlatform


def test_what_it_is_unless_told_otherwise() -> None:
    one = HackerOnePlatform(username="u", token=SecretStr("t"))
    assert one.type == "hackerone"
    assert one.enabled
    assert not one.subdomains
    assert one.url == "https://api.hackerone.com"
    assert one.filter == "bookmarked"
