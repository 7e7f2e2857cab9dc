"""What the settings of all sinks share: what is sent there, and how it is tried again."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, SecretStr

from certhia.config.sinks.happening import Event
from certhia.config.values import Interval, Seconds, Section, Size, Written

Hidden = Annotated[SecretStr, Written("secret")]
Severity = Literal["info", "low", "medium", "high"]
Why = Literal[
    "exact",
    "apex",
    "below",
    "wildcard",
    "cidr",
    "everything",
    "keyword",
    "regex",
    "lookalike",
    "issuer",
    "organization",
    "key",
    "certificate",
    "possible",
]

MINUTE: Final = 60.0
HOUR: Final = 3600.0
# Standard Webhooks, "Retry schedule": tried for 75 hours and 35 minutes.
SCHEDULE: Final = (5.0, 5 * MINUTE, 30 * MINUTE, *(hours * HOUR for hours in (2.0, 5.0, 10.0, 14.0, 20.0, 24.0)))
# For brokers and other machines of one's own, which are back soon and take what waited at once.
SOON: Final = (1.0, 2.0, 5.0, 10.0, 30.0, MINUTE)
DEAD_AFTER: Final = 75 * HOUR


class SinkSection(Section):
    """What all sinks share.

    Attributes:
        spacing: seconds between two messages of several matches, where one more costs more than a moment's wait.
    """

    spacing: ClassVar[float] = 0.0

    enabled: bool = Field(True, description="Whether anything is sent; what waits stays while it is not")
    events: tuple[Event, ...] = Field(
        ("match",),
        min_length=1,
        description="What is sent: matches, alarms, what probes and scans find, and types of events, as globs",
    )
    programmes: tuple[str, ...] = Field((), description="Only matches of these programmes, as globs; none: all")
    rules: tuple[Why, ...] = Field(
        (), description="Only matches that a rule found in one of these ways, as `why` in a match says; none: all"
    )
    kinds: tuple[Literal["alert", "possible", "expected"], ...] = Field(
        (), description="Only matches of these kinds; none: those of `output.kinds`"
    )
    severities: tuple[Severity, ...] = Field((), description="Only matches of these severities; none: all")
    batch: int = Field(1, ge=1, le=1000, description="The most matches in one message")
    digest: Interval | None = Field(
        None,
        description="Gather matches for so long, and send them as one message, of at most 1,000",
    )
    rate: float | None = Field(None, gt=0, description="The most messages a second; the others wait")
    retry: tuple[Interval, ...] = Field(
        SCHEDULE, min_length=1, max_length=100, description="The pauses between attempts; the last one is repeated"
    )
    dead_after: Seconds = Field(
        DEAD_AFTER,
        description="How long a sink may fail before what has waited as long becomes a dead letter; 0: for ever",
    )
    max_queue_rows: int = Field(
        2_000_000, ge=1, description="How many matches may wait; what comes besides is counted and told as a digest"
    )
    max_queue_bytes: Size = Field(2 * 10**9, description="How many bytes of them may wait")


class NearbySection(SinkSection):
    """What sinks share that are the operator's own: what is down is soon up again, and asking costs nobody much."""

    retry: tuple[Interval, ...] = Field(
        SOON, min_length=1, max_length=100, description="The pauses between attempts; the last one is repeated"
    )
