"""For how long matches have waited to be told: by the numbers of deliveries, so that no clock that is set counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST: Final = 64  # looks that are remembered


@dataclass(frozen=True, slots=True)
class Queues:
    """What there is to be told at one moment. Deliveries have ascending numbers, over all sinks and restarts."""

    newest: int  # delivery; 0 where there was none
    oldest: Mapping[str, int]  # that is not told yet, by sink; only of those that have one


class Waiting:
    """Told of every look."""

    def __init__(self) -> None:
        self._newest: deque[tuple[float, int]] = deque(maxlen=MOST)  # monotonic, and what was the newest then

    def look(self, queues: Queues, now: float) -> dict[str, float]:
        """Seconds for which, at least, each sink's oldest delivery has waited. `now`: monotonic."""
        self._newest.append((now, queues.newest))
        waited = {}
        for sink, oldest in queues.oldest.items():
            there = [at for at, newest in self._newest if newest >= oldest]
            waited[sink] = now - min(there, default=now)
        return waited
