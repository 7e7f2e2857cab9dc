"""`type = "redis"`: matches to Redis: Pub/Sub, a list, a stream."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from certhia.config.sinks.section import Hidden, NearbySection
from certhia.config.values import Interval, Written


def _url(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"(rediss?://[^/?#\s]+(/\d*)?|unix:///[^?#\s]+)", value.get_secret_value(), re.ASCII):
        raise ValueError("no address of a Redis; write redis://HOST:PORT, rediss://HOST:PORT for TLS, or unix:///PATH")
    return value


RedisUrl = Annotated[SecretStr, AfterValidator(_url), Written("URL")]


class RedisSink(NearbySection):
    """Matches to Redis: Pub/Sub and a list by ct-scout's names, or a stream."""

    type: Literal["redis"] = "redis"
    url: RedisUrl = Field(description="`redis://HOST:PORT/DATABASE`, `rediss://` for TLS, `unix:///PATH`")
    username: str | None = Field(None, description="An ACL user; `default` where only a password is given")
    password: Hidden | None = Field(None, description="The user's password, or a hosted Redis's token")
    channel: str = Field("bb:ct_events", description="Pub/Sub channel that hears each match; empty: none")
    event_channel: str = Field(
        "events:{type}", description="Pub/Sub channel that hears each event that `events` asks for; empty: none"
    )
    queue: str = Field("bb:ct_events_queue", description="List that each match is put at the head of; empty: none")
    queue_length: int = Field(10_000, ge=0, description="How long the list may get: its oldest go; 0: any length")
    stream: str = Field("", description="Stream that each match is added to; empty: none")
    stream_length: int = Field(
        100_000,
        ge=0,
        description="How long the stream may get: the oldest that every consumer group has acknowledged go, and where "
        "there are too few of these matches wait; 0: any length",
    )
    stream_groups: tuple[str, ...] = Field((), description="Consumer groups of the stream, made where they are missing")
    replicas: int = Field(0, ge=0, description="How many replicas must have a match before it counts as told (WAIT)")
    require: bool = Field(False, description="Whether Certhia refuses to start while Redis can't be written to")
    timeout: Interval = Field(5.0, le=300, description="How long an answer may take")
    ca_file: Path | None = Field(None, description="PEM file of authorities to trust besides the system's")
    batch: int = Field(500, ge=1, le=1000, description="The most matches that are sent at once")

    @model_validator(mode="after")
    def _goes_somewhere(self) -> RedisSink:
        if not (self.channel or self.queue or self.stream):
            raise ValueError("goes nowhere: name a channel, a queue or a stream")
        if self.stream_groups and not self.stream:
            raise ValueError("stream_groups are of a stream: name it with stream")
        if self.stream and 0 < self.stream_length < self.batch:
            raise ValueError(f"stream_length must have room for a batch of {self.batch}: raise it, or lower batch")
        return self
