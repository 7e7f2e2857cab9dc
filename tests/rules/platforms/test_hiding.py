"""Texts of servers without what they were sent."""

from __future__ import annotations

import base64

import pytest

from certhia.rules.platforms.hiding import HIDDEN, hidden, secrets_of

BASIC = base64.b64encode(b"hunter:topsecret").decode()


@pytest.mark.parametrize(
    "header, url, said",
    [
        ({"Authorization": "Bearer topsecret"}, "https://a.example", "bad: Bearer topsecret"),
        ({"authorization": "Bearer topsecret"}, "https://a.example", "bad: topsecret"),
        ({"Authorization": f"Basic {BASIC}"}, "https://a.example", f"bad: {BASIC}"),
        ({"Authorization": f"Basic {BASIC}"}, "https://a.example", "no such password: topsecret"),
        ({"Cookie": "a=topsecret; b=c"}, "https://a.example", "cookie topsecret"),
        ({}, "https://a.example/x?key=topsecret&v=1", "https://b.example/y?key=topsecret&w=2"),
        ({}, "https://a.example/x?topsecret", "topsecret is none"),
        ({}, "https://a.example/x?key=top%20secret", "top secret"),
        ({"Authorization": "Bearer top+secret"}, "https://a.example", "top%2Bsecret"),
    ],
)
def test_nothing_of_it_is_shown(header: dict[str, str], url: str, said: str) -> None:
    shown = hidden(said, secrets_of(url, header))
    assert "secret" not in shown
    assert BASIC not in shown
    assert HIDDEN in shown


def test_the_rest_stays() -> None:
    secrets = secrets_of("https://a.example/x?v=1", {"Authorization": "Basic !", "Accept": "application/json"})
    assert hidden("v is 1, and application/json is accepted", secrets) == "v is 1, and application/json is accepted"
