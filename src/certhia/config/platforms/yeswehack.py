"""`type = "yeswehack"`: programmes and scopes by what YesWeHack's own pages read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from certhia.config.platforms.section import Address, PlatformSection
from certhia.config.sinks.section import Hidden


class YesWeHackPlatform(PlatformSection):
    """YesWeHack, unofficially: by what its own pages read, which it may change without a word."""

    type: Literal["yeswehack"] = "yeswehack"
    token: Hidden | None = Field(
        None, description="Your session's bearer token; without it only what is public is seen"
    )
    filter: Literal["all"] = Field("all", description="Which programmes: all that you may see")
    url: Address = Field("https://api.yeswehack.com", description="Where its API is; the token goes there alone")
