"""What came of one server, for those who run the program."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of one run.

    Attributes:
        kinds: messages by kind: "full", "lite", "domains", "heartbeat", "malformed", "unreadable"…
        missed: messages that the server says it did not send, as far as it says how many.
        gaps: how often it said so.
        unchecked: messages that some rules could not be checked on.
        connections: how often a connection came about.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    gaps: int = 0
    unchecked: int = 0
    connections: int = 0

    @property
    def entries(self) -> int:
        """Messages that told of a log entry."""
        return sum(self.kinds[kind] for kind in ("full", "lite", "domains"))

    def __str__(self) -> str:
        """In a sentence; what did not happen is left out."""
        parts = [f"{self.entries:,} entries"]
        if self.kinds["malformed"]:
            parts.append(f"{self.kinds['malformed']:,} malformed messages")
        if self.kinds["unreadable"]:
            parts.append(f"{self.kinds['unreadable']:,} unreadable certificates, looked at by their fields")
        if self.gaps:
            parts.append(f"{self.gaps:,} gaps with {self.missed:,} messages missed there")
        if self.unchecked:
            parts.append(f"{self.unchecked:,} entries that not all rules could be checked on")
        return ", ".join(parts)
