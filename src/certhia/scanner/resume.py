"""Which places of a plan are done, while a scan runs: what the next run passes over (`places.Places`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

Span = tuple[int, int]  # [start, end)


class Track:
    """Places from `base` on that are done. They come nearly in order, so it is small: the first that is not done, and
    those behind it that are."""

    def __init__(self, base: int) -> None:
        self._base = self._low = base
        self._singles: set[int] = set()
        self._runs: dict[int, int] = {}  # end by start

    def add(self, place: int) -> None:
        """One is done."""
        if place == self._low:
            self._low += 1
            if self._singles or self._runs:
                self._absorb()
        elif place > self._low:
            self._singles.add(place)

    def add_run(self, start: int, end: int) -> None:
        """All of [start, end) are done; some may have been before."""
        if end <= self._low or start >= end:
            return
        if start <= self._low:
            self._low = end
            self._absorb()
        else:
            self._runs[start] = max(end, self._runs.get(start, end))

    def _absorb(self) -> None:
        while True:
            if self._low in self._singles:
                self._singles.discard(self._low)
                self._low += 1
            elif reached := [start for start in self._runs if start <= self._low]:
                self._low = max(self._low, *(self._runs.pop(start) for start in reached))
            else:
                return

    def spans(self) -> Iterator[Span]:
        """In as few as there can be, in order."""
        last: Span = (self._base, self._low)
        for start, end in sorted([*self._runs.items(), *((place, place + 1) for place in self._singles)]):
            if start <= last[1]:
                last = (last[0], max(last[1], end))
                continue
            if last[1] > last[0]:
                yield last
            last = (start, end)
        if last[1] > last[0]:
            yield last


class Done:
    """Places that are done, on two tracks: those below `border`, and those from there on. Not for two threads at
    once."""

    def __init__(self, border: int, spans: Iterable[Span] = ()) -> None:
        """`spans`: what an earlier run has done; they ascend, do not touch, and do not cross the border. Raises
        ValueError for others."""
        self._border: Final = border
        self._tracks = (Track(0), Track(border))
        before = 0
        for start, end in spans:
            if not before <= start < end or start < border < end:
                raise ValueError(f"[{start}, {end}) is out of order")
            before = end + (end != border)  # the tracks may touch
            self._tracks[start >= border].add_run(start, end)

    def __len__(self) -> int:
        """How many are done."""
        return sum(end - start for start, end in self.spans())

    def add(self, place: int) -> None:
        """One is done."""
        self._tracks[place >= self._border].add(place)

    def skip(self, places: range) -> None:
        """All of them are done: they come to nothing."""
        self._tracks[places.start >= self._border].add_run(places.start, places.stop)

    def spans(self) -> list[Span]:
        """All that are done."""
        return [span for track in self._tracks for span in track.spans()]
