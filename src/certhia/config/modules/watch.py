"""`[modules.watch]`: watch rules of its own, whose matches are findings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from certhia.config.modules.section import ModuleSection
from certhia.config.values import Interval


class WatchSection(ModuleSection):
    """Watch rules of its own, whose matches are findings."""

    rules: tuple[str, ...] = Field(
        (), description="What to look for, as `watch.rules` has it: `kw:acme`, `!shop.acme.example`"
    )
    files: tuple[Path, ...] = Field(
        (), description="Files of rules, as `watch.files` has them; read again when they change"
    )
    tags: tuple[str, ...] = Field((), description="Words that stand in each finding, to tell by")
    severity: Literal["info", "low", "medium", "high"] = Field("low", description="How severe its findings are")
    look: Interval = Field(5.0, description="How often it looks whether a file has changed")
