"""A platform asked in simulated time, and what it said in few words."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from certhia.clock import Clock
from certhia.config.platforms import HackerOnePlatform, IntigritiPlatform, PlatformSection
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.records import Fetched
from certhia.rules.platforms.registry import fetcher
from certhia.testing.platform_shapes import TOKEN, USER
from certhia.testing.platforms import FakePlatforms

BASE = "http://platforms.test"


def hackerone(wanted: str = "all", token: str = TOKEN) -> HackerOnePlatform:
    """Settings that are taken."""
    given: dict[str, Any] = {"filter": wanted, "url": f"{BASE}/hackerone"}
    return HackerOnePlatform(username=USER, token=SecretStr(token), **given)


def intigriti(wanted: str = "all", token: str = TOKEN) -> IntigritiPlatform:
    """Settings that are taken."""
    given: dict[str, Any] = {"filter": wanted, "url": f"{BASE}/intigriti"}
    return IntigritiPlatform(token=SecretStr(token), **given)


def ask(platforms: FakePlatforms, clock: Clock, *, most: int = 1000, **options: Any) -> Ask:
    """What to ask these with."""
    return Ask(platforms.transport(), clock, most, **options)


async def fetched(settings: PlatformSection, platforms: FakePlatforms, *, most: int = 1000, **options: Any) -> Fetched:
    """What a platform said."""
    kind = str(getattr(settings, "type", ""))
    return await fetcher(kind)(settings, ask(platforms, platforms.clock, most=most, **options))


def texts(found: Fetched) -> dict[str, list[str]]:
    """The rules of each programme, as people write them; `!` before those that exclude."""
    return {
        one.name: [*(rule.text for rule in one.rules), *(f"!{rule.text}" for rule in one.out)]
        for one in found.scopes.values()
    }
