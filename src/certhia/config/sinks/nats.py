"""`type = "nats"`: matches to a subject of NATS."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from certhia.config.sinks.section import Hidden, NearbySection
from certhia.config.sinks.topic import Topic
from certhia.config.values import Interval, Written
from certhia.render import quoted


def _server(value: str) -> str:
    text = value.strip()
    if not re.fullmatch(r"(nats|tls)://(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::\d{1,5})?", text, re.ASCII):
        raise ValueError(f"{quoted(text.rpartition('@')[2])} is no server; write nats://HOST:PORT, or tls:// for TLS")
    return text


Server = Annotated[str, AfterValidator(_server), Written("URL")]


class NatsSink(NearbySection):
    """Matches to a subject of NATS, kept by JetStream."""

    type: Literal["nats"] = "nats"
    servers: tuple[Server, ...] = Field(
        min_length=1, description="`nats://HOST:PORT`, `tls://` for TLS; the first there"
    )
    subject: Topic = Field("certhia.{event}", description="Where a match goes, with words of it in it")
    jetstream: bool = Field(
        True, description="Whether a stream has to have it; else it is told when a server has it, whoever listens"
    )
    username: str | None = Field(None, description="A user")
    password: Hidden | None = Field(None, description="The user's password")
    token: Hidden | None = Field(None, description="A token, in place of a user")
    credentials: Path | None = Field(None, description="A file of credentials (.creds), in place of a user")
    ca_file: Path | None = Field(None, description="PEM file of authorities to trust besides the system's")
    timeout: Interval = Field(10.0, le=300, description="How long an acknowledgement may take")
    batch: int = Field(200, ge=1, le=1000, description="The most matches that are sent at once")

    @model_validator(mode="after")
    def _has_both(self) -> NatsSink:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together: give both, or neither")
        return self
