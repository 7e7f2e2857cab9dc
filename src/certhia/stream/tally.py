"""What was sent on one stream since the start, all its clients together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Tally:
    """Written by clients, once a block."""

    sent: int = 0  # messages handed to connections
    missed: int = 0  # messages that clients lost
    gaps: int = 0  # times that a client was told so, or would have been, had its profile words for it
    nbytes: int = 0  # of blocks handed to connections
