"""Types of platforms by name: what fetches each, loaded when one is configured. Built-in ones come by the same door as
those of other packages: entry points of the group `certhia.platforms`."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

from certhia.config.platforms.plugin import installed
from certhia.errors import ConfigError
from certhia.render import quoted
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.records import Fetched

Fetch = Callable[[Any, Ask], Awaitable[Fetched]]
"""Takes the platform's settings, and what to ask with."""

BUILT_IN: Final = {
    "bugcrowd": "certhia.rules.platforms.bugcrowd:fetch",
    "hackerone": "certhia.rules.platforms.hackerone:fetch",
    "intigriti": "certhia.rules.platforms.intigriti:fetch",
    "url": "certhia.rules.platforms.url:fetch",
    "yeswehack": "certhia.rules.platforms.yeswehack:fetch",
}
UNOFFICIAL: Final = frozenset(("bugcrowd", "yeswehack"))
"""Platforms without an API for this: what is read may change without a word."""


def fetcher(kind: str) -> Fetch:
    """What fetches a type of platform. Raises ConfigError where there is none."""
    if (place := BUILT_IN.get(kind)) is not None:
        module, _, name = place.partition(":")
        built: Fetch = getattr(importlib.import_module(module), name)
        return built
    if (other := installed().get(kind)) is not None:
        try:
            loaded: Fetch = other.load()
        except Exception as error:  # anybody's code
            raise ConfigError(f"platforms of type {quoted(kind)}: {other.value} cannot be loaded: {error!r}") from error
        return loaded
    raise ConfigError(f"{quoted(kind)} is no type of platform; there are {', '.join((*BUILT_IN, *installed()))}")
