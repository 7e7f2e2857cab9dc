"""`[modules.expiry]`: certificates of watched names that run out, with no successor seen."""

from __future__ import annotations

from pydantic import Field, field_validator

from certhia.config.modules.section import ModuleSection
from certhia.config.values import Interval

DAY = 86400.0


class ExpirySection(ModuleSection):
    """Certificates of watched names that run out, with no successor seen."""

    before: tuple[Interval, ...] = Field(
        (30 * DAY, 14 * DAY, 7 * DAY, DAY),
        min_length=1,
        max_length=20,
        description="How long before the end it is told, once each; of a certificate's lifetime at most the last third",
    )
    every: Interval = Field(3600.0, le=DAY, description="How often it looks which certificates run out")
    settle: Interval = Field(
        600.0,
        description="How long it waits for a successor after it heard of a certificate, and when it starts: logs that "
        "are caught up with bring the old ones first",
    )
    history: int = Field(
        200_000, ge=0, le=10_000_000, description="How many of the newest stored matches it learns from when it starts"
    )

    @field_validator("before")
    @classmethod
    def _sorted(cls, before: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(before), reverse=True))
