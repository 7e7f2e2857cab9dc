"""`[modules.typosquat]`: names that look like one's own, and whether there is anything behind them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from certhia.config.modules.section import ModuleSection
from certhia.config.values import Interval

Trick = Literal["homoglyph", "keyboard", "edit", "added", "tld"]


class TyposquatSection(ModuleSection):
    """Names that look like one's own, and whether there is anything behind them."""

    domains: tuple[str, ...] = Field((), description="The domains that others may imitate: `example.com`")
    ours: tuple[str, ...] = Field(
        (), description="Others of one's own that look like them; they and what is below is left out"
    )
    score: int = Field(60, ge=1, le=100, description="The least score that is told; 50 tells more chance hits, 75 few")
    tricks: tuple[Trick, ...] = Field((), description="Tricks that count; none: all of them")
    context: bool = Field(
        True, description="Whether it looks what is behind a name: addresses, mail and name servers, TLS"
    )
    serves: bool = Field(True, description="Whether it connects to the name's server to see if it serves TLS")
    port: int = Field(443, ge=1, le=65535, description="The port that it connects to")
    resolver: tuple[str, ...] = Field((), description="Name servers that are asked; none: the system's")
    patience: Interval = Field(15.0, le=120, description="How long looking behind one name may take")
    per_minute: int = Field(60, ge=1, le=6000, description="How many names it looks behind in a minute at most")
    max_waiting: int = Field(
        1000, ge=1, le=100_000, description="How many names may wait for that; others are told without"
    )
    again: Interval = Field(
        7 * 86400.0, description="How long a name that was told is not told again for the same domain"
    )
