"""Places that an earlier run has done, to be passed over."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class Places:
    """Spans of places, immutable, safe on all threads.

    Args:
        low: all places below are done.
        spans: [start, end), in order, that are done besides.
    """

    def __init__(self, low: int = 0, spans: Iterable[tuple[int, int]] = ()) -> None:
        starts, ends = [0], [low]
        for start, end in spans:
            if start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        self._starts, self._ends = starts, ends

    def __bool__(self) -> bool:
        """Whether any is done."""
        return self._ends[-1] > 0

    def __contains__(self, place: int) -> bool:
        return place < self._ends[bisect_right(self._starts, place) - 1]

    def after(self, place: int) -> int:
        """The first place from `place` on that is not done."""
        return max(place, self._ends[bisect_right(self._starts, place) - 1])
