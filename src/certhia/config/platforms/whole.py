"""`[platforms]`: what holds for all of them, and their tables."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from certhia.config.platforms.bugcrowd import BugcrowdPlatform
from certhia.config.platforms.hackerone import HackerOnePlatform
from certhia.config.platforms.intigriti import IntigritiPlatform
from certhia.config.platforms.plugin import PluginPlatform
from certhia.config.platforms.section import MAX_PROGRAMS
from certhia.config.platforms.url import UrlPlatform
from certhia.config.platforms.yeswehack import YesWeHackPlatform
from certhia.config.values import Interval, Section

PlatformSettings = Annotated[
    BugcrowdPlatform | HackerOnePlatform | IntigritiPlatform | UrlPlatform | YesWeHackPlatform,
    Field(discriminator="type"),
]


class Platforms(Section):
    """Bug bounty platforms whose scopes are watched."""

    max_programs: int = Field(
        100, ge=1, le=MAX_PROGRAMS, description="The most programmes of each platform that says nothing else"
    )
    sync_interval: Interval = Field(21600.0, ge=60, description="How often their scopes are fetched")
    each: dict[str, PlatformSettings | PluginPlatform] = Field(
        {}, description="The platforms: tables with names of your choice, which matches name"
    )
