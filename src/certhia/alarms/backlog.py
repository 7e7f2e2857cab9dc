"""Whether what waits to be read is ever caught up with: of one log, or of all.

Two rules. One for what grows without a dip: no look of an interval saw it shrink. One for what comes in steps, as heads
do: the lows of three spans of time on end did not become lower. Both only where more waits than is read in a minute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from certhia.alarms.board import LOOKS

TILE: Final = 256  # entries: so many of a log may wait for their tile to be full, which is no backlog
BEHIND: Final = 60.0  # seconds of reading: a backlog that is caught up with in less comes and goes with the heads
SPANS: Final = (1, 3, 12)  # intervals: lows are those of spans of this length; the longest for heads that are rare
LOWS: Final = 3  # spans on end whose lows are compared


@dataclass(frozen=True, slots=True)
class _Low:
    """Of one interval."""

    lag: int  # entries: the fewest that a look saw
    rate: float  # entries read a second, on average


class Backlog:
    """Told of every look; `behind` says whether it is an alarm."""

    def __init__(self, *, hasty: bool) -> None:
        """`hasty`: also by the first rule, which takes one interval. That is for all logs together: a single one may be
        waited for as long."""
        self.behind = False
        self._hasty = hasty
        self._looks: deque[tuple[int, float]] = deque(maxlen=LOOKS)
        self._lows: deque[_Low] = deque(maxlen=LOWS * max(SPANS))
        self._until_low = LOOKS

    def look(self, lag: int, rate: float, *, logs: int = 1, raises: bool = True) -> bool:
        """`lag`: entries that wait now, of so many `logs`; `rate`: entries read a second now. Gives `behind`: raised
        when it is not caught up with, where `raises`; cleared when it has been caught up with."""
        much = _much(lag, rate, logs)
        if not much:  # caught up with: what comes is another one
            self._looks.clear()
            self._lows.clear()
            self._until_low = LOOKS
        self._looks.append((lag, rate))
        self._until_low -= much
        if not self._until_low:
            rates = [one for _, one in self._looks]
            self._lows.append(_Low(min(one for one, _ in self._looks), sum(rates) / len(rates)))
            self._until_low = LOOKS
        self.behind = much and (self.behind or (raises and (self._grows(logs) or self._never_caught_up(logs))))
        return self.behind

    def _grows(self, logs: int) -> bool:
        """The first look may be from before it began: a single step, which is about to be read, is no growth."""
        lags = [lag for lag, _ in self._looks]
        return (
            self._hasty
            and len(lags) == LOOKS
            and lags == sorted(lags)
            and all(_much(lag, rate, logs) for lag, rate in list(self._looks)[1:])
        )

    def _never_caught_up(self, logs: int) -> bool:
        lows = list(self._lows)
        for span in SPANS:
            if len(lows) < LOWS * span:
                break
            end = len(lows)
            spans = [_together(lows[at : at + span]) for at in range(end - LOWS * span, end, span)]
            fewest = [one.lag for one in spans]
            if fewest == sorted(fewest) and all(_much(one.lag, one.rate, logs) for one in spans):
                return True
        return False


def _together(lows: Sequence[_Low]) -> _Low:
    return _Low(min(one.lag for one in lows), sum(one.rate for one in lows) / len(lows))


def _much(lag: int, rate: float, logs: int) -> bool:
    return lag > max(TILE * logs, BEHIND * rate)
