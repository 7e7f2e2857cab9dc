"""`type = "kafka"`: matches to a topic of Kafka."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from certhia.config.sinks.section import Hidden, NearbySection
from certhia.config.values import Interval, Written
from certhia.render import quoted


def _broker(value: str) -> str:
    text = value.strip()
    if not re.fullmatch(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):\d{1,5}", text, re.ASCII):
        raise ValueError(f"{quoted(text)} is no broker; write HOST:PORT")
    return text


def _topic(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", value, re.ASCII) or value in {".", ".."}:
        raise ValueError(f"{quoted(value)} is no topic; write letters, digits, dots, hyphens and underscores")
    return value


Broker = Annotated[str, AfterValidator(_broker), Written("broker")]
Topic = Annotated[str, AfterValidator(_topic)]


class KafkaSink(NearbySection):
    """Matches to a topic of Kafka."""

    type: Literal["kafka"] = "kafka"
    brokers: tuple[Broker, ...] = Field(
        min_length=1, description="Where to begin, `HOST:PORT`; they tell of the others"
    )
    topic: Topic = Field("certhia.matches", description="Where matches go; it has to exist, or the brokers to make it")
    tls: bool = Field(False, description="Whether connections are encrypted")
    ca_file: Path | None = Field(None, description="PEM file of the authorities to trust; else the system's")
    username: str | None = Field(None, description="For SASL")
    password: Hidden | None = Field(None, description="For SASL")
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field("PLAIN", description="Of SASL")
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = Field("lz4", description="Of what is sent")
    timeout: Interval = Field(30.0, ge=1, le=300, description="How long all in-sync replicas may take to have a match")
    batch: int = Field(500, ge=1, le=1000, description="The most matches that are sent at once")

    @model_validator(mode="after")
    def _has_both(self) -> KafkaSink:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together: give both, or neither")
        if self.ca_file is not None and not self.tls:
            raise ValueError("ca_file is for TLS: set tls = true")
        return self
