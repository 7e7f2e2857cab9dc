"""Observations of a scan on their way to the state."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from certhia.scanner.records import Result
from certhia.store.observations import Observation, Observations

WAITING: Final = 20_000  # observations; then whoever brings more writes them


class Keeping:
    """Takes results, and keeps what they show at the next `flush`. Any thread."""

    def __init__(self, held: Observations) -> None:
        self._held = held
        self._waiting: list[Observation] = []
        self._lock = threading.Lock()

    def take(self, results: Sequence[Result]) -> None:
        """More results. Raises StateError where it has to write and can't."""
        seen = [one for result in results for one in observed(result)]
        with self._lock:
            self._waiting += seen
            if len(self._waiting) >= WAITING:
                self._write()

    def flush(self) -> None:
        """Writes what was taken until now; it is on the disk when this returns. Raises StateError."""
        with self._lock:
            self._write()

    def close(self) -> None:
        """Lets go of the file; what is not written is lost."""
        self._held.close()

    def _write(self) -> None:
        if self._waiting:
            self._held.add(self._waiting)
            self._waiting = []


def observed(result: Result) -> list[Observation]:
    """What a result shows."""
    served, target, at = result.served, result.target, result.at
    if served is None:
        return []
    shown = sha256(served.certificates[0]).digest() if served.certificates else b""
    return [
        Observation(name, target.address, target.port, source, shown, sure, at, at)
        for name, source, sure in result.names
    ]
