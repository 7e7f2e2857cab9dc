"""What is remembered of the logs over restarts: which were known, and where those without a position were begun."""

from __future__ import annotations

import json
from typing import Final

from certhia.logs.lists import Loaded
from certhia.model import Log
from certhia.quantity import Point
from certhia.store import State

KNOWN: Final = "known logs"  # the setting that keeps which logs the last complete list had, and its time
STARTS: Final = "unproven starts"  # the setting that keeps where logs were begun that gave no proof


class Roster:
    """Kept in the state's settings; what changes goes with the next commit, together with the steps staged by then."""

    def __init__(self, state: State, origin: Point) -> None:
        """`origin`: where the user wants logs begun that were never read before."""
        self._state = state
        self._origin = origin
        self._known: frozenset[bytes] = frozenset()  # logs of the last complete list
        self._known_at: float | None = None  # Unix seconds: its time
        self._starts: dict[bytes, int] = {}

    async def recall(self) -> None:
        """Takes up what earlier runs left. Raises StateError."""
        known = json.loads(await self._state.recall(KNOWN) or "null")
        if known is not None:
            self._known, self._known_at = frozenset(map(bytes.fromhex, known["logs"])), known["at"]
        starts = json.loads(await self._state.recall(STARTS) or "{}")
        self._starts = {bytes.fromhex(key): start for key, start in starts.items()}

    def point(self, log: Log) -> Point:
        """Where to begin with a log that has no verified position.

        One that was followed unverified begins there again, one that is new since the last complete list at the time
        of that list.
        """
        if log.id in self._starts or self._known_at is None or log.id in self._known or self._origin.kind != "now":
            return self.begun(log, self._origin)
        return Point("date", self._known_at)

    def begun(self, log: Log, otherwise: Point) -> Point:
        """Where a log was begun that gives no proof; `otherwise` for all others."""
        start = self._starts.get(log.id)
        return otherwise if start is None else Point("index", start)

    def unproven(self, log: Log, start: int) -> None:
        """A log that gives no proof is followed from `start` on: without a position, that is all there is to keep."""
        if self._starts.get(log.id) != start:
            self._starts[log.id] = start
            self._keep_starts()

    def proven(self, log_id: bytes) -> None:
        """The log has a verified position now."""
        if self._starts.pop(log_id, None) is not None:
            self._keep_starts()

    def complete(self, loaded: Loaded) -> None:
        """Keeps which logs a list had that was complete."""
        if loaded.complete:
            self._known, self._known_at = frozenset(log.id for log in loaded.logs), loaded.as_of.timestamp()
            known = {"at": self._known_at, "logs": sorted(key.hex() for key in self._known)}
            self._state.writer.remember(KNOWN, json.dumps(known))

    def _keep_starts(self) -> None:
        starts = {key.hex(): start for key, start in sorted(self._starts.items())}
        self._state.writer.remember(STARTS, json.dumps(starts))
