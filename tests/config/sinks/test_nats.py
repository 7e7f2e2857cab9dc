from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks.nats import NatsSink

SERVERS = ["nats://nats1.example.com:4222", "tls://[2001:db8::1]"]


def test_servers() -> None:
    settings = NatsSink.model_validate({"servers": SERVERS, "token": "hunter2"})
    assert (settings.servers, settings.subject) == (tuple(SERVERS), "certhia.{event}")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"servers": ["nats1"]}, "is no server; write nats://HOST:PORT"),
        ({"servers": ["nats://me:hunter2@nats1"]}, "is no server"),
        ({"username": "me"}, "username and password go together"),
    ],
)
def test_what_makes_no_sense(fields: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        NatsSink.model_validate({"servers": SERVERS, **fields})
