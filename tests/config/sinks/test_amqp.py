from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks.amqp import AmqpSink


def test_addresses_are_secret() -> None:
    settings = AmqpSink.model_validate({"url": "amqps://me:hunter2@rabbit.example.com:5671/ct"})
    assert (settings.exchange, settings.routing_key) == ("amq.topic", "certhia.{event}")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"url": "http://rabbit"}, "write amqp://HOST:PORT/VHOST"),
        ({"url": "amqp://rabbit/?heartbeat=0"}, "write amqp://HOST:PORT/VHOST"),
        ({"routing_key": "#"}, "is no topic"),
    ],
)
def test_what_makes_no_sense(fields: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        AmqpSink.model_validate({"url": "amqp://rabbit", **fields})
