"""How much single rooms of the program say: `sinks=debug`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from certhia.config.nearness import near
from certhia.render import quoted

LEVELS: Final = ("debug", "info", "warning", "error")

ROOMS: Final = (
    *(
        "alarms",
        "awaiting",
        "backfilling",
        "certstream",
        "cli",
        "config",
        "events",
        "freezing",
        "housekeeping",
        "intake",
        "library",
        "logs",
    ),
    *(
        "metrics",
        "modules",
        "pipeline",
        "refreshing",
        "reload",
        "rules",
        "scanner",
        "sinks",
        "store",
        "stream",
        "telling",
    ),
)
"""Who says something: the parts of the program, as ARCHITECTURE.md has them."""


def level(value: str) -> str:
    """`ROOM=LEVEL` as it is kept. Raises ValueError."""
    room, given, wanted = (part.strip().lower() for part in value.partition("="))
    if not given or wanted not in LEVELS:
        raise ValueError(f"{quoted(value)} is no level; write ROOM=LEVEL, where LEVEL is one of {', '.join(LEVELS)}")
    if room not in ROOMS:
        raise ValueError(f"{quoted(room)} says nothing{near(room, ROOMS)}")
    return f"{room}={wanted}"


def levels(several: Iterable[str]) -> dict[str, str]:
    """Levels by room, as `level` keeps them; the last one counts."""
    return dict(one.split("=") for one in several)
