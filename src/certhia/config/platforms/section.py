"""What the settings of all bug bounty platforms share: how much is taken from there, and how."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from certhia.config.values import Interval, Section, Written
from certhia.render import quoted

MAX_PROGRAMS: Final = 20_000  # of one platform

_URL: Final = re.compile(
    r"https?://(?:[^/?#\s@\[\]:]+|\[[^\]/?#\s@]+\])(?::(\d{1,5}))?(?:[/?][!-~]*)?", re.IGNORECASE | re.ASCII
)


def _url(value: str) -> str:
    text = value.strip()
    found = _URL.fullmatch(text)
    if found is None or int(found[1] or 0) > 65_535 or "#" in text:
        raise ValueError(f"{quoted(text.partition('?')[0])} is no URL to fetch; write https://HOST/PATH")
    return text


def _address(value: str) -> str:
    text = _url(value)
    if "?" in text:
        raise ValueError(f"{quoted(text.partition('?')[0])} has a query; write where the API begins: https://HOST")
    return text.rstrip("/")


Url = Annotated[str, AfterValidator(_url), Written("URL")]
Address = Annotated[str, AfterValidator(_address), Written("URL")]


class PlatformSection(Section):
    """What all platforms share."""

    enabled: bool = Field(True, description="Whether its scopes are fetched and watched")
    max_programs: int | None = Field(
        None,
        ge=1,
        le=MAX_PROGRAMS,
        description="The most programmes that are taken from it; else `platforms.max_programs`",
    )
    backfill: Interval | None = Field(
        None,
        description="How far back logs are read again for a programme that is new, for its rules alone; unless given "
        "they are not",
    )
    subdomains: bool = Field(
        False, description="Whether a name in scope brings everything below it, not only where a star says so"
    )
    timeout: Interval = Field(30.0, le=300, description="How long an answer may take")
