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
class _Line:
    """Pages of one log, and their bytes: to sum them up for each page that is let go would take the longer."""

    sheets: deque[Sheet] = field(default_factory=deque)
    nbytes: int = 0

    def append(self, sheet: Sheet) -> int:
        """Gives the bytes that came."""
        self.sheets.append(sheet)
        return self._count(sheet.page.nbytes)

    def put_back(self, sheet: Sheet) -> int:
        """The same at the front."""
        self.sheets.appendleft(sheet)
        return self._count(sheet.page.nbytes)

    def pop(self) -> tuple[Sheet, int]:
        """The oldest one, and the bytes that went."""
        sheet = self.sheets.popleft()
        nbytes = sheet.page.nbytes
        self._count(-nbytes)
        return sheet, nbytes

    def _count(self, nbytes: int) -> int:
        self.nbytes += nbytes
        return nbytes


@dataclass(slots=True)
class Waiting:
    """Pages by log, in the order of their coming.

    `most`: bytes of pages that are kept; `lost` hears of what is let go beyond, the oldest of the log that has most.
    """

    most: int
    lost: Callable[[Lost], None]
    held: int = 0  # bytes
    _lines: dict[bytes, _Line] = field(default_factory=dict)
    _hopeless: set[bytes] = field(default_factory=set)  # logs that prove nothing
    _frozen: set[bytes] = field(default_factory=set)  # logs that contradicted themselves

    def add(self, sheet: Sheet) -> None:
        """One more page."""
        if sheet.log.id in self._hopeless:
            return
        if sheet.log.id in self._frozen:
            self.lost(Lost(sheet, notices.FROZEN))
            return
        self.held += self._lines.setdefault(sheet.log.id, _Line()).append(sheet)
        while self.held > self.most:
            fullest = max(self._lines.values(), key=_nbytes)
            gone, nbytes = fullest.pop()
            self.held -= nbytes
            self._tidy(gone.log.id)
            self.lost(Lost(gone))

    def proven(self, log_id: bytes, end: int) -> list[Sheet]:
        """The entries of a log below `end`, in order, as sheets in the order of proof."""
        self._hopeless.discard(log_id)
        line, out = self._lines.get(log_id, _Line()), list[Sheet]()
        while line.sheets and line.sheets[0].page.first < end:
            sheet, nbytes = line.pop()
            self.held -= nbytes
            page = sheet.page
            if page.end > end:
                self.held += line.put_back(replace(sheet, page=page.slice(end, page.end)))
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
        for sheet in self._forget(log_id):
            self.lost(Lost(sheet, notices.FROZEN))

    def thawed(self, log_id: bytes) -> None:
        """A log is not frozen, or no longer."""
        self._frozen.discard(log_id)

    def rewound(self, log_id: bytes) -> None:
        """What waits of a log comes again."""
        self._forget(log_id)

    def _forget(self, log_id: bytes) -> deque[Sheet]:
        """Lets go of all that waits of a log, and gives it."""
        line = self._lines.pop(log_id, _Line())
        self.held -= line.nbytes
        return line.sheets

    def _tidy(self, log_id: bytes) -> None:
        if log_id in self._lines and not self._lines[log_id].sheets:
            del self._lines[log_id]


def _nbytes(line: _Line) -> int:
    return line.nbytes
