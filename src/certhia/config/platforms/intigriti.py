"""`type = "intigriti"`: programmes and scopes by Intigriti's researcher API."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from certhia.config.platforms.section import Address, PlatformSection
from certhia.config.sinks.section import Hidden


class IntigritiPlatform(PlatformSection):
    """Intigriti, by its researcher API."""

    type: Literal["intigriti"] = "intigriti"
    token: Hidden = Field(description="A personal access token of Intigriti's settings")
    filter: Literal["following", "all"] = Field(
        "following", description="Which programmes: those that you follow, or all that you may see"
    )
    url: Address = Field(
        "https://api.intigriti.com/external/researcher",
        description="Where its API is; the token goes there alone",
    )
