"""`type = "hackerone"`: programmes and scopes by HackerOne's hacker API."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from certhia.config.platforms.section import Address, PlatformSection
from certhia.config.sinks.section import Hidden


class HackerOnePlatform(PlatformSection):
    """HackerOne, by its hacker API."""

    type: Literal["hackerone"] = "hackerone"
    username: str = Field(min_length=1, max_length=200, description="The user that the token belongs to")
    token: Hidden = Field(description="An API token of HackerOne's settings")
    filter: Literal["bookmarked", "all"] = Field(
        "bookmarked", description="Which programmes: those that you bookmarked, or all that you may see"
    )
    url: Address = Field("https://api.hackerone.com", description="Where its API is; the token goes there alone")
