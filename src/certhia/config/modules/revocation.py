"""`[modules.revocation]`: whether certificates were revoked, and when that changes."""

from __future__ import annotations

from pydantic import Field

from certhia.config.modules.section import ModuleSection
from certhia.config.values import Interval

DAY = 86400.0


class RevocationSection(ModuleSection):
    """Whether certificates were revoked, and when that changes."""

    every: Interval = Field(DAY, ge=600, description="How long until a certificate is asked about again")
    per_host: float = Field(
        1.0, gt=0, le=100, description="The most requests a second to one host of an authority; the others wait"
    )
    max_certificates: int = Field(
        100_000, ge=1, le=1_000_000, description="How many certificates are watched; further ones are counted and told"
    )
    first: bool = Field(True, description="Findings `status`: the first answer, also where it is good")
    changes: bool = Field(True, description="Findings `revoked`, `unrevoked` and `unknown`: another answer than before")
    unanswered: bool = Field(
        True, description="Findings `unanswered`: for a day nobody could say whether it was revoked"
    )
