"""`type = "bugcrowd"`: programmes and scopes by what Bugcrowd's own pages read; it has no API for researchers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from certhia.config.platforms.section import Address, PlatformSection
from certhia.config.sinks.section import Hidden


class BugcrowdPlatform(PlatformSection):
    """Bugcrowd, unofficially: by what its own pages read, which it may change without a word."""

    type: Literal["bugcrowd"] = "bugcrowd"
    token: Hidden | None = Field(
        None, description="Your session's cookie, `_bugcrowd_session`; without it only what is public is seen"
    )
    filter: Literal["all"] = Field("all", description="Which programmes: all that you may see")
    url: Address = Field("https://bugcrowd.com", description="Where it is; the token goes there alone")
