"""`type = "file"`: matches appended to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from certhia.config.sinks.section import SinkSection


class FileSink(SinkSection):
    """Matches appended to a file."""

    type: Literal["file"] = "file"
    path: Path = Field(description="The file: .jsonl, .ndjson, .json, .csv or .txt")
    batch: int = Field(500, ge=1, le=1000, description="The most matches that are written at once")
