"""Platforms of other packages: entry points of the group `certhia.platforms`, each named like the type it fetches."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Final

from pydantic import Field

from certhia.config.platforms.section import PlatformSection, Url
from certhia.config.sinks.section import Hidden

GROUP: Final = "certhia.platforms"


class PluginPlatform(PlatformSection):
    """A platform of another package, which says what of this it needs."""

    type: str = Field(description="The name of its entry point")
    url: Url | None = Field(None, description="Where it is")
    username: str | None = Field(None, max_length=200, description="A user")
    token: Hidden | None = Field(None, description="That user's token, or one of no user")
    filter: str = Field("all", max_length=200, description="Which programmes")
    options: dict[str, str] = Field({}, description="Whatever else it takes")


def installed() -> dict[str, EntryPoint]:
    """By type."""
    return {one.name: one for one in entry_points(group=GROUP)}
