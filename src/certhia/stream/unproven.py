"""What was sent of each log and is not proven yet, by leaf hashes: when a log goes back, nobody gets it twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from certhia._core import Page

MOST: Final = 8 << 20  # bytes of hashes that are kept of all logs
_HASH: Final = 32  # bytes


@dataclass(slots=True)
class _Window:
    """Hashes of the entries from `first` on, one behind the other."""

    first: int
    hashes: bytearray = field(default_factory=bytearray)

    @property
    def end(self) -> int:
        return self.first + len(self.hashes) // _HASH

    def begin(self, first: int) -> int:
        """Forgets what is below; gives how many bytes went."""
        gone = _HASH * max(0, min(first, self.end) - self.first)
        del self.hashes[:gone]
        self.first = max(first, self.first)
        return gone


class Unproven:
    """Of each log a window of entries; bounded: of what went out of it nobody can tell any more that it was sent."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held = 0  # bytes
        self._windows: dict[bytes, _Window] = {}

    def fresh(self, log_id: bytes, page: Page) -> list[Page]:
        """What of a page was not sent with the same leaf hashes, in order; it counts as sent from now on."""
        window = self._windows.get(log_id)
        if window is None or page.first > window.end or page.end <= window.first:
            self.forget(log_id)
            window = self._windows[log_id] = _Window(page.first)
        hashes, low, high = page.leaf_hashes, max(page.first, window.first), min(page.end, window.end)
        parts = [page] if low >= high else list(_parts(page, hashes, window, low, high))
        before, at = len(window.hashes), low - window.first
        window.hashes[_HASH * at : _HASH * (at + page.end - low)] = hashes[_HASH * (low - page.first) :]
        self._held += len(window.hashes) - before
        while self._held > self._most:
            fullest = max(self._windows.values(), key=lambda one: len(one.hashes))
            self._held -= fullest.begin(fullest.end - (fullest.end - fullest.first) // 2)
        return parts

    def proven(self, log_id: bytes, end: int) -> None:
        """Entries of a log below `end` do not come again."""
        if (window := self._windows.get(log_id)) is not None:
            self._held -= window.begin(end)

    def forget(self, log_id: bytes) -> None:
        """Nothing is known of a log."""
        if (window := self._windows.pop(log_id, None)) is not None:
            self._held -= len(window.hashes)


def _parts(page: Page, hashes: bytes, window: _Window, low: int, high: int) -> list[Page]:
    """What of a page is new, where entries [low, high) are in the window."""

    def new(index: int) -> bool:
        ours, theirs = _HASH * (index - page.first), _HASH * (index - window.first)
        return not low <= index < high or hashes[ours : ours + _HASH] != window.hashes[theirs : theirs + _HASH]

    runs = [list(run) for differs, run in groupby(range(page.first, page.end), new) if differs]
    return [page.slice(run[0], run[-1] + 1) for run in runs]
