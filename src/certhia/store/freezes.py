"""Logs that contradicted themselves: where each was frozen, why, and when a human accepted to go on.

A frozen log's verified position does not move. Rows are never deleted: an acceptance is written into them, and into the
ledger as a step of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from certhia.model import Step
from certhia.store import codec

ACCEPTED: Final = "accepted by hand"  # the first words of the note of a step that goes on with a frozen log
REASON_KEPT: Final = 2000  # characters


@dataclass(frozen=True, slots=True)
class Freeze:
    """A log whose verified position was frozen."""

    log_id: bytes
    position: int | None  # the verified position; None where nothing of the log was verified yet
    at: float  # Unix seconds
    reason: str
    evidence: str = ""  # the file's path; "" where it could not be written
    accepted: float | None = None  # Unix seconds when a human accepted it

    @property
    def note(self) -> str:
        """What the ledger says where it is accepted."""
        return f"{ACCEPTED}: {self.reason}" + (f"; evidence: {self.evidence}" if self.evidence else "")


def is_acceptance(step: Step) -> bool:
    """Whether a step goes on with a log that was frozen: its edge may be that of another tree than the one before."""
    return step.note.startswith(ACCEPTED)


def freeze_row(log: int, number: int, freeze: Freeze) -> dict[str, Any]:
    """A row of `freezes`; `number` counts those of a log."""
    row: dict[str, Any] = {
        "log": log,
        "number": number,
        "position": freeze.position,
        "at": float(freeze.at),
        "reason": codec.plain(freeze.reason[:REASON_KEPT]),
        "evidence": codec.plain(freeze.evidence),
        "accepted": freeze.accepted,
    }
    row["mark"] = codec.mark("freezes", codec.FREEZE_COLUMNS, row)
    return row


def row_freeze(row: Mapping[str, Any], log_id: bytes) -> Freeze:
    """What a row of `freezes` stands for."""
    return Freeze(log_id, row["position"], row["at"], row["reason"], row["evidence"], row["accepted"])
