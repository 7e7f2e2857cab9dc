"""What is measured: each row a piece of work, its target, and what peers need for the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from feeds import Feed
from process import nothing, once

# What each path does with every entry. The TBS hash is only asked for where a rule matched.
RFC6962 = ("find", "base64", "leaf_hash", "walk", "match", "edge")
STATIC = ("leaf_hash", "walk", "match", "edge")

RFC6962_PEERS = "certspotter 66, certstream-server-rust (unverified) 42"
STATIC_PEERS = "certstream-server-rust (unverified) 22"


@dataclass(slots=True)
class Figure:
    """One number that was measured, several times perhaps."""

    name: str
    unit: str
    values: list[float]
    target: float | None = None
    at_least: bool = False  # the target; else at most
    floor: float | None = None  # us an entry that the parts alone cost

    @property
    def value(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def best(self) -> float:
        """What was least disturbed."""
        return max(self.values) if self.at_least else min(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the target."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(slots=True)
class Row:
    """One piece of work."""

    work: str
    feed: str
    figures: list[Figure] = field(default_factory=list)
    peers: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """Reading all entries of a log, in pages of some size."""

    title: str
    log: str  # rfc or static
    cpu: float | None = None  # target
    rate: float | None = None  # target

    def row(self, feed: Feed, feed_name: str, floor: float, rounds: int) -> Row:
        """Measures it, each run beside one without entries: both under the same load. `floor` in us an entry."""
        allowed = ("--allow", f"*/{self.log}/*")
        starts, runs = [], []
        for _ in range(rounds):
            starts.append(nothing(feed, *allowed))
            runs.append(once(feed, *allowed))
        if any(run.entries != feed.count for run in runs):
            raise SystemExit(f"{self.title}: {[run.entries for run in runs]} entries read instead of {feed.count}")
        start = median(run.cpu for run in starts)
        each = 1e6 / feed.count
        peers = RFC6962_PEERS if self.log == "rfc" else STATIC_PEERS
        figures = [
            Figure(
                "CPU, start-up left out", "us/entry", [(run.cpu - start) * each for run in runs], self.cpu, floor=floor
            ),
            Figure("CPU, whole run", "us/entry", [run.cpu * each for run in runs], floor=floor),
            Figure("CPU of a run without entries", "s", [run.cpu for run in starts]),
            Figure("rate", "entries/s", [run.rate for run in runs], self.rate, at_least=True),
            Figure("peak RSS", "MB", [run.peak for run in runs]),
        ]
        return Row(f"{self.title}, 100 rules, verified", feed_name, figures, f"{peers} us")


def several(measure: Callable[[], float], rounds: int) -> list[float]:
    """The same, several times."""
    return [measure() for _ in range(rounds)]
