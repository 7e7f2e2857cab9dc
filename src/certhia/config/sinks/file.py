"""`type = "file"`: matches appended to a file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from certhia.config.sinks.section import NearbySection
from certhia.config.values import Interval, Size


class FileSink(NearbySection):
    """Matches appended to a file."""

    spacing: ClassVar[float] = 0.1

    type: Literal["file"] = "file"
    path: Path = Field(description="The file: .jsonl, .ndjson, .json, .csv or .txt")
    format: Literal["human", "jsonl", "json", "csv"] | None = Field(
        None, description="How it is written, where its name does not say so"
    )
    rotate_size: Size | None = Field(None, description="How many bytes a file may hold before another is begun")
    rotate_every: Interval | None = Field(
        None, description="How long a file is written before another is begun: 1d is from midnight to midnight, in UTC"
    )
    keep: int = Field(0, ge=0, description="How many files stay that were put aside, the newest; 0: all")
    gzip: bool = Field(False, description="Whether files that were put aside are compressed")
    fsync: bool = Field(False, description="Whether each batch is on the disk before it counts as told")
    batch: int = Field(500, ge=1, le=1000, description="The most matches that are written at once")

    @model_validator(mode="after")
    def _rotates(self) -> FileSink:
        if (self.keep or self.gzip) and not (self.rotate_size or self.rotate_every):
            raise ValueError("keep and gzip are of files that were put aside: give rotate_size or rotate_every")
        return self
