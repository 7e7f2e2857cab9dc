"""What logs named by URL said of themselves, kept beside the lists: one JSON file, replaced as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certhia.logs import kept
from certhia.logs.loglist import Object

FILE: Final = "named-logs.json"
MAX_FILE: Final = 16 << 20  # bytes
MAX_ENTRY: Final = 16 << 10  # characters of JSON; real ones have some hundreds
_VERSION: Final = 1
# of a log's entry in a list, what `loglist.read_log` reads
_FIELDS: Final = frozenset(
    {
        "description", "key", "log_id", "log_type", "mmd", "monitoring_url", "state", "submission_url",
        "temporal_interval", "url",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Learned:
    """A log's entry, as log lists have them, and whether it is one of a static log."""

    entry: Object
    tiled: bool


def of(entry: Object, *, tiled: bool) -> Learned:
    """What of a log's entry is of use."""
    return Learned({name: value for name, value in entry.items() if name in _FIELDS}, tiled)


def read(folder: Path) -> dict[str, Learned]:
    """What is kept, by URL. Raises OSError when the file can't be read, ValueError when it makes no sense."""
    try:
        with (folder / FILE).open("rb") as file:
            stored = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return {}
    if len(stored) > MAX_FILE:
        raise ValueError(f"larger than {MAX_FILE} bytes")
    try:
        top = json.loads(stored)
        if top["version"] != _VERSION:
            raise ValueError(f"of version {top['version']}, not {_VERSION}")
        return {url: of(one["entry"], tiled=bool(one["tiled"])) for url, one in top["logs"].items()}
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a file of ours ({type(error).__name__})") from error


def write(folder: Path, logs: Mapping[str, Learned]) -> None:
    """Keeps these besides what is kept of other logs. Raises OSError."""
    try:
        before = read(folder)
    except ValueError:
        before = {}  # it was told when it was read
    all_logs = {
        url: {"entry": one.entry, "tiled": one.tiled}
        for url, one in sorted({**before, **logs}.items())
        if len(json.dumps(one.entry)) <= MAX_ENTRY
    }
    body = json.dumps({"version": _VERSION, "logs": all_logs}, indent=1)
    kept.replace(folder / FILE, body.encode("ascii"))
