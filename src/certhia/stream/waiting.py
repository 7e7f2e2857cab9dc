"""Pages that wait to be proven, for those who want nothing else; bounded, and what is let go is counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from certhia.stream import notices
from certhia.stream.blocks import Sheet


@dataclass(frozen=True, slots=True)
class Lost:
    """Entries of one log that nobody will get in order of proof."""

    sheet: Sheet
    reason: str = notices.UNPROVEN


@dataclass(slots=True)
class Waiting:
    """Pages by log, in the order of their coming.

    `most`: bytes of pages that are kept; `lost` hears of what is let go beyond, the oldest of the log that has most.
    """

    most: int
    lost: Callable[[Lost], None]
    held: int = 0  # bytes
    _sheets: dict[bytes, deque[Sheet]] = field(default_factory=dict)
    _hopeless: set[bytes] = field(default_factory=set)  # logs that prove nothing
    _frozen: set[bytes] = field(default_factory=set)  # logs that contradicted themselves

    def add(self, sheet: Sheet) -> None:
        """One more page."""
        if sheet.log.id in self._hopeless:
            return
        if sheet.log.id in self._frozen:
            self.lost(Lost(sheet, notices.FROZEN))
            return
        self._sheets.setdefault(sheet.log.id, deque()).append(sheet)
        self.held += sheet.page.nbytes
        while self.held > self.most:
            fullest = max(self._sheets.values(), key=lambda sheets: sum(one.page.nbytes for one in sheets))
            gone = fullest.popleft()
            self.held -= gone.page.nbytes
            self._tidy(gone.log.id)
            self.lost(Lost(gone))

    def proven(self, log_id: bytes, end: int) -> list[Sheet]:
        """The entries of a log below `end`, in order, as sheets in the order of proof."""
        self._hopeless.discard(log_id)
        sheets, out = self._sheets.get(log_id), list[Sheet]()
        while sheets and sheets[0].page.first < end:
            sheet = sheets.popleft()
            self.held -= sheet.page.nbytes
            page = sheet.page
            if page.end > end:
                rest = replace(sheet, page=page.slice(end, page.end))
                sheets.appendleft(rest)
                self.held += rest.page.nbytes
                page = page.slice(page.first, end)
            out.append(replace(sheet, page=page, verified=end, order="proof"))
        self._tidy(log_id)
        return out

    def unprovable(self, log_id: bytes) -> None:
        """A log proves nothing, until it does: then all of it comes again."""
        self._hopeless.add(log_id)
        self.rewound(log_id)

    def frozen(self, log_id: bytes) -> None:
        """A log contradicted itself: what waits of it is lost, and what comes, until somebody has seen to it."""
        self._frozen.add(log_id)
        for sheet in self._sheets.pop(log_id, ()):
            self.held -= sheet.page.nbytes
            self.lost(Lost(sheet, notices.FROZEN))

    def thawed(self, log_id: bytes) -> None:
        """A log is not frozen, or no longer."""
        self._frozen.discard(log_id)

    def rewound(self, log_id: bytes) -> None:
        """What waits of a log comes again."""
        for sheet in self._sheets.pop(log_id, ()):
            self.held -= sheet.page.nbytes

    def _tidy(self, log_id: bytes) -> None:
        if not self._sheets.get(log_id, True):
            del self._sheets[log_id]
