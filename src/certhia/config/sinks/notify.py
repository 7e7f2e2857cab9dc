"""`type = "notify"`: messages to people, through Apprise."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from certhia.config.sinks.happening import Event
from certhia.config.sinks.section import Hidden, SinkSection
from certhia.config.values import Interval


class NotifySink(SinkSection):
    """Messages to people: mail, Slack, Discord, Telegram, ntfy and all else that Apprise knows."""

    type: Literal["notify"] = "notify"
    urls: tuple[Hidden, ...] = Field(
        min_length=1,
        max_length=20,
        description="Where to, one line each, as Apprise writes it: `mailto://…`, `slack://…`",
    )
    events: tuple[Event, ...] = Field(
        ("match", "alarm"), min_length=1, description="What is sent: matches, alarms, what probes and scans find"
    )
    timeout: Interval = Field(30.0, le=300, description="How long a service may take")
    batch: int = Field(10, ge=1, le=1000, description="The most matches in one message")
