"""Which room of the program is speaking, found as `logging` finds callers: nobody has to say so."""

from __future__ import annotations

import sys
from typing import Final

PACKAGE: Final = "certhia."
PASSES_ON: Final = ("cli", "library", "pipeline")  # what others say; they are the speaker where nobody else is
SILENT: Final = ("parts", "supervision", "measuring", "testing", "__main__")


def speaker(depth: int = 1) -> str:
    """The room of whoever called, `depth` calls above the caller; empty for a program of somebody else's."""
    frame, wiring = sys._getframe(depth + 1), ""
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        room = name.removeprefix(PACKAGE).partition(".")[0] if name.startswith(PACKAGE) else ""
        if room and room not in (*PASSES_ON, *SILENT):
            return room
        if room in PASSES_ON and not wiring:
            wiring = room
        if (above := frame.f_back) is None:
            break
        frame = above
    return wiring
