"""Settings of webhooks."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks import WebhookSink


@pytest.mark.parametrize(
    "url", ["https://a.example/x?y=z", "http://127.0.0.1:8080", "HTTPS://[::1]:443/", " https://a.b "]
)
def test_urls(url: str) -> None:
    assert WebhookSink(url=url).url == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "ftp://a",
        "https://user@a/",
        "https://a:99999/",
        "https://a:b/",
        "https://a/ b",
        "https://[::1/",
    ],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValidationError, match="is no URL to send to"):
        WebhookSink(url=url)


@pytest.mark.parametrize("header", ["no colon", "a b: c", "a: b\r\nc: d", ": x", "\u00e4: x"])
def test_what_is_no_header(header: str) -> None:
    with pytest.raises(ValidationError, match="is no header"):
        WebhookSink(url="https://a.example/", headers=(header,))


def test_secrets_are_not_shown() -> None:
    made = WebhookSink(url="https://a.example/", secret=("whsec_abc",), ctscout_secret="def")
    assert "whsec_abc" not in repr(made)
    assert "def'" not in repr(made)
    assert made.secret[0].get_secret_value() == "whsec_abc"
