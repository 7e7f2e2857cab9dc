"""`type = "exec"`: a program that is run for each match."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from certhia.config.sinks.section import SinkSection
from certhia.config.values import Interval


class ExecSink(SinkSection):
    """A program that is run for each match, with certspotter's environment variables."""

    type: Literal["exec"] = "exec"
    command: tuple[str, ...] = Field(min_length=1, description="The program and its arguments; no shell reads them")
    directory: Path | None = Field(None, description="Where it runs; else where Certhia does")
    timeout: Interval = Field(
        30.0, le=3600, description="How long it may take before it and all that it started are ended"
    )
    save: bool = Field(
        True, description="Whether each certificate is kept in a file beside the state, for 90 days: CERT_FILENAME"
    )
    batch: int = Field(1, ge=1, le=1, description="Always 1: it is run for each match")
