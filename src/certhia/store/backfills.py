"""What was asked to be read of a log besides following it: one row a wish, which is there until it is fulfilled.

A row says what is wanted, not how far it is: that is what `blocks` tells, whoever worked on it and however that ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from certhia.store import codec

DONE: Final = "done"
CANCELLED: Final = "cancelled"
OUTCOME_KEPT: Final = 2000  # characters


@dataclass(frozen=True, slots=True)
class Backfill:
    """A range of a log that is to be read: from `origin`, as it was written, to what is verified already."""

    log_id: bytes
    number: int  # counts those of a log
    origin: str
    reverse: bool  # newest entries first
    at: float  # Unix seconds when it was asked for
    start: int | None = None  # None until the log was asked where `origin` is
    end: int | None = None
    ended: float | None = None  # Unix seconds
    outcome: str = ""  # "done", "cancelled", or what of it could not be verified

    @property
    def active(self) -> bool:
        """Whether there is something left to do."""
        return self.ended is None


def backfill_row(log: int, one: Backfill) -> dict[str, Any]:
    """A row of `backfills`."""
    return {
        "log": log,
        "number": one.number,
        "origin": codec.plain(one.origin),
        "reverse": one.reverse,
        "at": float(one.at),
        "start": one.start,
        "end": one.end,
        "ended": one.ended,
        "outcome": codec.plain(one.outcome[:OUTCOME_KEPT]),
    }


def row_backfill(row: Mapping[str, Any], log_id: bytes) -> Backfill:
    """What a row stands for."""
    names = ("number", "origin", "at", "start", "end", "ended", "outcome")
    return Backfill(log_id=log_id, reverse=bool(row["reverse"]), **{name: row[name] for name in names})
