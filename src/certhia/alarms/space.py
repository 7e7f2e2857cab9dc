"""Room on the disks that the state and the output files are on."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Final

ENOUGH: Final = 320 << 20  # free bytes where there were fewer than `LEAST`: else the alarm would come and go
LEAST: Final = 256 << 20
"""Free bytes. A state grows by some megabytes a day, and its write-ahead log may take tens of them at once: this leaves
days to make room in, and enough to end in order."""


def free(path: Path) -> int:
    """Bytes that we may still write where `path` is, or would be; 0 where no file can be made. Raises OSError."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    disk = os.statvfs(there)
    if disk.f_files and not disk.f_favail:
        return 0
    return disk.f_bavail * disk.f_frsize


def short_of_room(places: Sequence[Path], before: Container[str] = ()) -> dict[str, str]:
    """What is wrong, by the path that it concerns; empty where nothing is. Looks at the disks: call it off the loop.
    `before`: paths of which something was wrong at the last look."""
    found = {}
    for place in dict.fromkeys(places):
        try:
            left = free(place)
        except OSError as error:
            found[str(place)] = f"{place}: how much room is left can't be told: {error.strerror}"
            continue
        if left < (ENOUGH if str(place) in before else LEAST):
            found[str(place)] = (
                f"{place}: {left / 1e6:,.0f} MB are left on its disk: make room, before what is written there fails"
            )
    return found
