import pytest
from pydantic.fields import FieldInfo

from certhia.config.masking import masked, without_password
from certhia.config.named import fields_of
from certhia.config.sinks import WebhookSink

TEXT = FieldInfo(annotation=str)
HOOK = fields_of(WebhookSink)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("postgresql://me:secret@db.example/x", "postgresql://me:****@db.example/x"),
        ("redis://:secret@[::1]:6379/0", "redis://:****@[::1]:6379/0"),
        ("https://ct.example/2026h1/", "https://ct.example/2026h1/"),
        ("you@example.org", "you@example.org"),
        ("amqp://me:se@cr/et?x#y@h/v", "amqp://me:****@h/v"),
    ],
)
def test_passwords_of_urls(text: str, shown: str) -> None:
    assert without_password(text) == shown
    assert masked([text], TEXT) == [shown]


def test_what_knows_the_way_to_somebody() -> None:
    assert masked("https://hooks.example/services/T0/B0/secret", HOOK["url"]) == "https://hooks.example/****"
    assert masked("https://hooks.example/", HOOK["url"]) == "https://hooks.example/"
    assert masked(("Authorization: Bearer secret",), HOOK["headers"]) == ["Authorization: ****"]
    assert masked({"a": "secret"}, TEXT) == {"a": "****"}
    assert masked(5, TEXT) == 5
