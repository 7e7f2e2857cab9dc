"""The shapes in which matches are written, and how a torn end of each is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from certhia import render
from certhia.errors import ConfigError
from certhia.model import Delivery
from certhia.sinks.csv import HEADER, row
from certhia.sinks.human import line
from certhia.sinks.record import record

FORMATS = ("human", "jsonl", "json", "csv", "silent")
_BY_SUFFIX = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".txt": "human"}
# How each record begins; only what begins so is ever cut off.
_TIME = "0000-00-00 00:00:00"
_JSON = '{\n  "timestamp": '
_JSONL = '{"timestamp":'


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of output: `human`, `jsonl`, `json` (indented), `csv` or `silent`.

    Attributes:
        name: as `--format` calls it.
        color: for `human`, whether to use the terminal's colours.
        brief: for `human`, times without their date.
    """

    name: str
    color: bool = False
    brief: bool = False

    def __post_init__(self) -> None:
        """Raises ConfigError for a name that is none of `FORMATS`."""
        if self.name not in FORMATS:
            known = ", ".join(FORMATS)
            raise ConfigError(f"{render.quoted(self.name)} is no output format; write one of {known}")

    @classmethod
    def of(cls, path: Path) -> Format:
        """The format that a file's name asks for: .jsonl, .ndjson, .json, .csv or .txt. Raises ConfigError."""
        name = _BY_SUFFIX.get(path.suffix.lower())
        if name is None:
            known = ", ".join(_BY_SUFFIX)
            raise ConfigError(f"{render.quoted(str(path))}: its name does not say how to write it; end it in {known}")
        return cls(name)

    @property
    def header(self) -> str:
        """What a new output begins with, newline included; mostly empty."""
        return HEADER if self.name == "csv" else ""

    def text(self, delivery: Delivery) -> str:
        """One match, newline included; empty for `silent`."""
        match self.name:
            case "human":
                return line(delivery, color=self.color, brief=self.brief)
            case "jsonl":
                return render.json_text(record(delivery)) + "\n"
            case "json":
                return render.json_text(record(delivery), indent=2) + "\n"
            case "csv":
                return row(delivery)
            case _:
                return ""

    def note(self, record: Mapping[str, object]) -> str:
        """A record that is no match, newline included; empty where the format has no place for one."""
        return render.json_text(record) + "\n" if self.name == "jsonl" else ""

    def whole(self, end: str) -> int:
        """How many leading characters of `end`, the last part of an output, are whole records."""
        if self.name != "json":
            return end.rfind("\n") + 1
        # Only an object's last brace stands at the beginning of a line.
        found = end.rfind("\n}\n")
        return 0 if found < 0 else found + 3

    def ours(self, torn: str) -> bool:
        """Whether what is left behind the whole records can be the beginning of one."""
        match self.name:
            case "human":
                return re.sub(r"\d", "0", torn[: len(_TIME)]) == _TIME[: len(torn)]
            case "csv":
                return torn[:1].isdigit() or HEADER.startswith(torn)
            case "json":
                return torn.startswith(_JSON[: len(torn)])
            case _:
                return torn.startswith(_JSONL[: len(torn)])
