"""Settings of a platform of type intigriti."""

from __future__ import annotations

from pydantic import SecretStr

from certhia.config.platforms import IntigritiPlatform


def test_what_it_is_unless_told_otherwise() -> None:
    one = IntigritiPlatform(token=SecretStr("t"))
    assert one.type == "intigriti"
    assert one.enabled
    assert not one.subdomains
    assert one.url == "https://api.intigriti.com/external/researcher"
    assert one.filter == "following"
