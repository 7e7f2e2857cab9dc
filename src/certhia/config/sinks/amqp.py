"""`type = "amqp"`: matches to an exchange of RabbitMQ, or another broker of AMQP 0-9-1."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from certhia.config.sinks.section import Hidden, NearbySection
from certhia.config.sinks.topic import Topic
from certhia.config.values import Interval, Written


def _url(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"amqps?://[^/?#\s]+(?:/[^/?#\s]*)?", value.get_secret_value(), re.ASCII):
        raise ValueError("no address of a broker; write amqp://HOST:PORT/VHOST, amqps:// for TLS")
    return value


AmqpUrl = Annotated[SecretStr, AfterValidator(_url), Written("URL")]


class AmqpSink(NearbySection):
    """Matches to an exchange of RabbitMQ, or another broker of AMQP 0-9-1."""

    type: Literal["amqp"] = "amqp"
    url: AmqpUrl = Field(description="`amqp://HOST:PORT/VHOST`, `amqps://` for TLS")
    username: str | None = Field(None, description="A user, where the URL names none")
    password: Hidden | None = Field(None, description="The user's password")
    exchange: str = Field("amq.topic", min_length=1, max_length=127, description="An exchange that is there")
    routing_key: Topic = Field("certhia.{event}", description="Where a match goes, with words of it in it")
    mandatory: bool = Field(True, description="Whether a queue has to take it; else what no queue is bound for is lost")
    ca_file: Path | None = Field(None, description="PEM file of authorities to trust besides the system's")
    timeout: Interval = Field(10.0, le=300, description="How long a confirmation may take")
    batch: int = Field(200, ge=1, le=1000, description="The most matches that are sent at once")
