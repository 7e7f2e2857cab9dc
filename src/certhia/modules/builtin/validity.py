"""How long certificates are valid, and how durations are written for people."""

from __future__ import annotations

from typing import Final

DAY: Final = 86400


def lifetime(not_before: int, not_after: int) -> int:
    """Seconds of a validity, both ends included (Baseline Requirements section 6.3.2)."""
    return not_after - not_before + 1


def days(seconds: float) -> str:
    """A duration for people: in hours below two days."""
    if seconds < 2 * DAY:
        return f"{seconds / 3600:.0f} hours"
    return f"{seconds / DAY:.0f} days"
