"""`[modules.domains]`: registrable domains, and which were never seen before."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from certhia.config.modules.section import ModuleSection
from certhia.config.values import MB, Interval, Seconds, Size

Report = Literal["count", "watched", "all"]


class DomainsSection(ModuleSection):
    """Registrable domains, and which were never seen before."""

    report: Report = Field(
        "count",
        description="What becomes findings: `count`: how many were new, every so often; `watched`: besides, each new "
        "one that your watch rules match; `all`: each new one, at most 100 a page of a log",
    )
    every: Interval = Field(3600.0, description="How often it is told how many were new")
    file: Path | None = Field(None, description="File for all new domains, one JSON object a line; it is added to")
    max_file: Size = Field(
        1000 * MB, description="How large that may get: then it is renamed to end in `.1`, in place of an older one"
    )
    tlds: tuple[str, ...] = Field(
        (), description="Only new domains under these go to `file` and findings: `de`, `co.uk`"
    )
    names: tuple[str, ...] = Field((), description="Only those that match one of these globs: `*bank*`")
    learn: Seconds = Field(
        0.0,
        description="How long after the set was begun nothing goes to `file` and findings: in the beginning all is new",
    )
    capacity: int = Field(
        10_000_000,
        ge=10_000,
        le=10_000_000_000,
        description="How many domains the set is begun for; it grows when it is full",
    )
    error_rate: float = Field(
        0.001,
        ge=0.000001,
        le=0.1,
        description="How many new domains may be taken for known ones: 0.001 is one in a thousand",
    )
    max_size: Size = Field(
        4000 * MB, description="The most that the set may take on disk; then it grows no more, and its error rate does"
    )
