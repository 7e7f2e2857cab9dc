"""How much may wait for a sink, and what becomes of the rest: it is counted in a digest, which is told in its place.

A digest has a number among those of deliveries: what has a smaller one is told before it, and nothing comes after it
until it is closed, so that order holds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from certhia.model import Match

MOST_ROWS: Final = 2_000_000
MOST_BYTES: Final = 2 * 10**9
ROOM: Final = 0.5  # of the bounds that must be free again before matches are told one by one again
MOST_KEYS: Final = 100  # programmes and rules that a digest counts by
NEWEST: Final = 20  # names that it shows
OTHERS: Final = "others"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that may wait for one sink: matches, and their bytes."""

    rows: int = MOST_ROWS
    bytes: int = MOST_BYTES


@dataclass(slots=True)
class Digest:
    """Matches that were too many to be told one by one.

    Attributes:
        id: among those of deliveries.
        since: Unix seconds of the first match.
        until: of the last.
        programmes: how many there were, by programme; those without one under "".
        rules: by the first rule.
        newest: the last names that were matched.
    """

    id: int
    sink: str
    since: float = 0.0
    until: float = 0.0
    count: int = 0
    programmes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    newest: list[str] = field(default_factory=list)

    def add(self, match: Match) -> None:
        """One more."""
        hit = match.hits[0] if match.hits else None
        self.since = match.seen if self.count == 0 else self.since
        self.until = match.seen
        self.count += 1
        for counter, key in ((self.programmes, hit.programme if hit else ""), (self.rules, hit.rule if hit else "")):
            counter[key if key in counter or len(counter) < MOST_KEYS else OTHERS] += 1
        name = (hit.name if hit else "") or next(iter(match.names), "")
        self.newest = [*self.newest[-NEWEST + 1 :], name[:255]]

    def row(self, state: int) -> dict[str, Any]:
        """A row of `digests`."""
        kept = {
            "since": self.since,
            "until": self.until,
            "count": self.count,
            "programmes": dict(self.programmes),
            "rules": dict(self.rules),
            "newest": self.newest,
        }
        return {"id": self.id, "sink": self.sink, "state": state, "payload": json.dumps(kept)}


def row_digest(row: Mapping[str, Any]) -> Digest:
    """The digest that a row holds."""
    kept: dict[str, Any] = json.loads(row["payload"])
    counters: dict[str, Any] = {name: Counter(kept.pop(name)) for name in ("programmes", "rules")}
    return Digest(row["id"], row["sink"], **counters, **kept)


@dataclass(slots=True)
class Waiting:
    """What waits for one sink, staged or stored.

    Attributes:
        open: the digest that counts what is too much now.
        closed: digests that are to be told, the oldest first.
    """

    rows: int = 0
    bytes: int = 0
    bounds: Bounds = field(default_factory=Bounds)
    open: Digest | None = None
    closed: list[Digest] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether one more would be too much."""
        return self.open is not None or self.rows >= self.bounds.rows or self.bytes >= self.bounds.bytes

    def add(self, size: int) -> None:
        """One more waits."""
        self.rows += 1
        self.bytes += size

    def take(self, rows: int, size: int) -> None:
        """These wait no longer."""
        self.rows -= rows
        self.bytes -= size

    def close(self) -> Digest | None:
        """Where there is room again, the open digest is closed; gives it."""
        roomy = self.rows <= ROOM * self.bounds.rows and self.bytes <= ROOM * self.bounds.bytes
        if self.open is None or not roomy:
            return None
        closed, self.open = self.open, None
        self.closed.append(closed)
        return closed


def size_of(match: Match) -> int:
    """About how many bytes a match takes on disk and on the wire."""
    texts = sum(map(len, match.names)) + len(match.issuer) + sum(len(hit.rule) + len(hit.name) for hit in match.hits)
    return 500 + texts + 4 * len(match.names) + 60 * len(match.hits)
