"""`type = "url"`: programmes and scopes of any JSON document."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from certhia.config.platforms.section import PlatformSection, Url
from certhia.config.sinks.section import Hidden


class UrlPlatform(PlatformSection):
    """A JSON document of programmes and their scopes, by its URL."""

    type: Literal["url"] = "url"
    url: Url = Field(description="Where it is")
    token: Hidden | None = Field(None, description="Sent there as a bearer token")
