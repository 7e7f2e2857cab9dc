"""What goes wrong with a module, and when it has gone wrong too often."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import Final

from certhia.clock import Clock
from certhia.errors import CerthiaError

THREE: Final = 3
HOUR: Final = 3600.0  # seconds


class Fault(StrEnum):
    """What a module did."""

    RAISED = "raised"  # an exception, or gave what is no result
    LATE = "late"  # took longer than its deadline
    DIED = "died"  # ended its process
    GREW = "grew"  # took too much memory


class Failed(CerthiaError):
    """A call of a module that came to nothing. `fault` says how."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


class Off(CerthiaError):
    """A module that was switched off."""


class Strikes:
    """Those of one module: three in a row, or three within an hour of those that cost its process, and it is off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._row = 0
        self._grave: deque[float] = deque(maxlen=THREE)

    def struck(self, fault: Fault) -> bool:
        """One more; true where it was one too many."""
        self._row += 1
        if fault is not Fault.RAISED:
            self._grave.append(self._clock.monotonic())
        grave = len(self._grave) == THREE and self._clock.monotonic() - self._grave[0] < HOUR
        return self._row >= THREE or grave

    def well(self) -> None:
        """A call went well."""
        self._row = 0
