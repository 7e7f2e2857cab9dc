"""How old the log lists are that decide which logs are followed, and which of them were refused."""

from __future__ import annotations

from typing import Final

from certhia.alarms.board import lasting
from certhia.clock import Clock
from certhia.logs.lists import Loaded
from certhia.logs.loglist import LogList

UNREFRESHED: Final = 3 * 86_400.0
"""Seconds without a complete load. Lists are asked for every 6 h: twelve failures in a row are no passing trouble, and
a new shard takes certificates some days after it was listed."""
OLDEST: Final = 70 * 86_400.0
"""Seconds since a published list was made. Chrome itself lets go of a list that is older (ten weeks)."""


class Freshness:
    """Noted at every load; `old` is what a look finds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._complete_at: float | None = None  # monotonic
        self._lists: tuple[LogList, ...] = ()
        self.refused: tuple[str, ...] = ()  # lists that the last load did not take, and why; told by then

    def loaded(self, loaded: Loaded, earlier: float | None = None) -> None:
        """The lists as they are now. `earlier`: Unix seconds when an earlier run had them all."""
        self._lists = loaded.lists
        self.refused = loaded.refused
        if loaded.complete:
            self._complete_at = self._clock.monotonic()
        elif self._complete_at is None:  # a first start counts as a load: a list that can't be had is told of there
            age = 0.0 if earlier is None else max(self._clock.now() - earlier, 0.0)
            self._complete_at = self._clock.monotonic() - age

    def old(self) -> str:
        """What is wrong with their age; empty where nothing is."""
        now = self._clock.now()
        for one in self._lists:
            age = now - one.timestamp.timestamp() if one.timestamp is not None and one.source == "google" else 0.0
            if age > OLDEST:
                return (
                    f"the log list is of {one.timestamp:%Y-%m-%d}, {lasting(age)} old: new logs are missing from it; "
                    "let this machine reach www.gstatic.com, or give a newer one with --log-list"
                )
        unrefreshed = 0.0 if self._complete_at is None else self._clock.monotonic() - self._complete_at
        if unrefreshed > UNREFRESHED:
            return (
                f"the log lists could not be loaded for {lasting(unrefreshed)}, the last ones stay in use: "
                "`certhia logs` says why"
            )
        return ""
