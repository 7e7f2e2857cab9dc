"""Which rows may have been sent once before, by a run whose last records were lost with the machine's power.

Such a row doesn't tell how far a client is that has its cursor: it may have it from that run, and have seen nothing of
what other logs showed since. It goes on where that run was cut off, and may get some of it twice.

A row is in doubt when a run did not end in order, until its log shows an entry that is younger than the run after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

from certhia._core import Page
from certhia.stream.index import Index
from certhia.stream.packing import Reach
from certhia.stream.records import DOUBTFUL

SKEW: Final = 300.0  # seconds that a log's clock may be off
MOST: Final = 1 << 20  # entries of a log that are in doubt: far more than were sent while nothing reached the disk
SETTLED: Final = 3600.0  # seconds after which a run has read again what the one before it lost


class Doubt:
    """Of one run.

    Attributes:
        session: where it begins, or where that one began which inherited the doubt.
        doubtful: whether there is any.
        began: Unix seconds when that run began.
    """

    def __init__(self, session: int, began: float, *, doubtful: bool, reaches: Mapping[bytes, Reach]) -> None:
        self.session = session
        self.began = began
        self.doubtful = doubtful
        self._begun = {log_id: reach.end for log_id, reach in reaches.items()}
        self._clear: dict[bytes, int] = {}  # the first entry of a log that is not in doubt

    @classmethod
    def after(cls, index: Index, lost: int | None, now: float) -> Self:
        """Of the run that begins with this history. `lost`: None where the last run ended in order, else the number
        behind the last row before anything that is lost."""
        session, began, doubtful = index.next if lost is None else lost, now, lost is not None
        if index.segments and (last := index.segments[-1]).doubtful:
            if lost is None:
                session, began, doubtful = last.session, last.began, True  # some of it may come only now
            elif now - last.began < SETTLED:
                session = min(last.session, session)
        return cls(session, began, doubtful=doubtful, reaches=index.reaches)

    def page(self, log_id: bytes, page: Page) -> int:
        """The flags of a page's row."""
        if not self.doubtful or log_id in self._clear:
            return 0
        begun = self._begun.setdefault(log_id, page.first)
        if page.first >= begun + MOST or page.timestamp(0) / 1000 > self.began + SKEW:
            self._clear[log_id] = page.first
            return 0
        return DOUBTFUL

    def proof(self, log_id: bytes, start: int) -> int:
        """The flags of the row of a proof that begins with this entry."""
        if not self.doubtful or self._clear.get(log_id, start + 1) <= start:
            return 0
        return DOUBTFUL
