"""Which targets of a scan are done, by their place in the order of visiting."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]  # [start, end)


class Done:
    """Places that are done. They are done nearly in order, so it is small: the first that is not, and those behind it
    that are."""

    def __init__(self, low: int = 0, spans: Iterable[Span] = ()) -> None:
        """All below `low`, and `spans`, which begin behind it, ascend and do not touch; else raises ValueError."""
        self._low = low
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in spans:
            if not (self._ends[-1] if self._ends else low) < start < end:
                raise ValueError(f"[{start}, {end}) is out of order")
            self._starts.append(start)
            self._ends.append(end)
        self._beyond: set[int] = set()  # done since, at or behind `low`

    @property
    def low(self) -> int:
        """All below it are done."""
        return self._low

    def __len__(self) -> int:
        """How many are done."""
        return self._low + len(self._beyond) + sum(self._ends) - sum(self._starts)

    def __contains__(self, place: int) -> bool:
        return place < self._low or place in self._beyond or self._within(place) >= 0

    def add(self, place: int) -> None:
        """It is done. Once is enough, and twice does no harm."""
        if place != self._low:
            if place not in self:
                self._beyond.add(place)
            return
        low, beyond = place + 1, self._beyond
        while True:
            if low in beyond:
                beyond.discard(low)
                low += 1
            elif self._starts and self._starts[0] == low:
                low = self._ends.pop(0)
                self._starts.pop(0)
            else:
                break
        self._low = low

    def spans(self) -> list[Span]:
        """What is done behind `low`, in as few spans as there can be."""
        return [*_joined(sorted([*zip(self._starts, self._ends, strict=True), *_runs(sorted(self._beyond))]))]

    def _within(self, place: int) -> int:
        at = bisect_right(self._starts, place) - 1
        return at if at >= 0 and place < self._ends[at] else -1


def _runs(places: Sequence[int]) -> Iterator[Span]:
    start = end = -1
    for place in places:
        if place == end:
            end += 1
            continue
        if end > start:
            yield start, end
        start, end = place, place + 1
    if end > start:
        yield start, end


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    last: Span | None = None
    for start, end in spans:
        if last is not None and start <= last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last is not None:
            yield last
        last = (start, end)
    if last is not None:
        yield last
