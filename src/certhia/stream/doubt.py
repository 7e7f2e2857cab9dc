"""Which rows may have been sent once before, by a run whose last records were lost: the power went, or the disk failed.

Such a row doesn't tell how far a client is that has its cursor: it may have it from that run, and have seen nothing of
what other logs showed since. It goes on where that run was cut off, and may get some of it twice.

After a loss all rows of a log are in doubt until it shows an entry that is younger than the run after the loss.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from certhia._core import Page
from certhia.stream.index import Index, Loss
from certhia.stream.records import DOUBTFUL, Kind

SKEW: Final = 300.0  # seconds that a log's clock may be off
MOST: Final = 1 << 20  # entries of a log that are in doubt: far more than were sent while nothing reached the disk


class Run(NamedTuple):
    """What a run writes into its files: when it began (Unix seconds), and the number behind the last row before
    anything that was lost before it; None where nothing was."""

    began: float
    sound: int | None


class Doubt:
    """Of one run: which of its rows are in doubt."""

    def __init__(self, index: Index, run: Run) -> None:
        """`index`: as it was found."""
        self.run = run
        if run.sound is not None:
            index.lose(Loss(run.sound, index.next, run.began))
        self._last = index.losses[-1] if index.losses else None
        self._begun: dict[bytes, int] = {}
        self._clear: dict[bytes, int] = {}  # the first entry of a log that is not in doubt
        for log_id, reach in index.reaches.items():
            self._begun[log_id] = reach.end
            if self._last is not None and index.clear(log_id) >= self._last.high:
                self._clear[log_id] = 0

    def page(self, log_id: bytes, page: Page) -> int:
        """The flags of a page's row."""
        if self._last is None or log_id in self._clear:
            return 0
        begun = self._begun.setdefault(log_id, page.first)
        if page.first >= begun + MOST or page.timestamp(0) / 1000 > self._last.began + SKEW:
            self._clear[log_id] = page.first
            return 0
        return DOUBTFUL

    def proof(self, log_id: bytes, start: int) -> int:
        """The flags of the row of a proof that begins with this entry."""
        return 0 if self._last is None or self._clear.get(log_id, start + 1) <= start else DOUBTFUL


def lost_before(index: Index, log_id: bytes, kind: Kind, sequence: int) -> int | None:
    """Where a client goes on that has the cursor of a row in doubt, or of none that is there: where a loss begins
    behind which the log shows nothing before that number that is not in doubt. None where there was no such loss."""
    clear = index.clear(log_id, kind, before=sequence)
    return min((loss.low for loss in index.losses if clear < loss.high <= sequence), default=None)
