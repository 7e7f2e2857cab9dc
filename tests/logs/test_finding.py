"""The log that is meant."""

from __future__ import annotations

import base64

import pytest

from certhia.errors import ConfigError
from certhia.logs.finding import find, is_address
from certhia.testing import World

WORLD = World()
LOGS = [
    WORLD.rfc6962("one", description="Argon 2026h1", operator="Google").model,
    WORLD.static("two", description="Argon 2026h1 extra", operator="Google").model,
    WORLD.static("three", description="Sphinx", operator="Let's Encrypt").model,
]
ONE, TWO, THREE = LOGS


@pytest.mark.parametrize(
    "text, found",
    [
        (ONE.url, ONE),
        (f"{ONE.url}ct/v1/", ONE),
        (TWO.submission_url, TWO),
        (TWO.monitoring_url, TWO),
        (THREE.id.hex(), THREE),
        (base64.b64encode(THREE.id).decode(), THREE),
        ("argon 2026h1", ONE),
        ("extra", TWO),
        ("let's encrypt", THREE),
    ],
)
def test_one_is_meant(text: str, found: object) -> None:
    assert find(LOGS, text) is found


@pytest.mark.parametrize("text", ["xenon", "https://elsewhere.test/", "00" * 32])
def test_none_is(text: str) -> None:
    with pytest.raises(ConfigError, match="no known log is called"):
        find(LOGS, text)
    assert is_address(text) is (text != "xenon")


def test_several_may_be() -> None:
    with pytest.raises(ConfigError, match=r'"google" may be any of 2 logs .*give the URL'):
        find(LOGS, "google")
