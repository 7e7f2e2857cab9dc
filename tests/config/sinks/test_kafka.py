from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks.kafka import KafkaSink

BROKERS = ["kafka1.example.com:9092", "[2001:db8::1]:9092"]


def test_brokers() -> None:
    settings = KafkaSink.model_validate({"brokers": BROKERS, "tls": True, "username": "me", "password": "hunter2"})
    assert settings.brokers == tuple(BROKERS)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"brokers": ["kafka"]}, "is no broker; write HOST:PORT"),
        ({"topic": "a b"}, "is no topic"),
        ({"username": "me"}, "username and password go together"),
        ({"ca_file": "ca.pem"}, "set tls = true"),
    ],
)
def test_what_makes_no_sense(fields: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        KafkaSink.model_validate({"brokers": BROKERS, **fields})
