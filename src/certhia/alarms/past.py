"""What backfills found wrong: one alarm for each wish, until its range is proven; one for each log that is frozen."""

from __future__ import annotations

from collections.abc import Callable

from certhia.alarms.board import Found
from certhia.model import Alarm, Log
from certhia.store.backfills import Backfill
from certhia.store.freezes import Freeze
from certhia.store.ledger import Track
from certhia.store.spans import without


class Past:
    """Of all wishes of this run."""

    def __init__(self, track: Callable[[bytes], Track]) -> None:
        """`track`: what the state knows of a log."""
        self._track = track
        self._alarms: dict[str, Alarm] = {}  # by key
        self._over: dict[str, Callable[[], bool]] = {}

    def doubts(self, log: Log, wish: Backfill, text: str) -> bool:
        """Entries of the wish are not what the log signed; True where none of it was before."""

        def over() -> bool:
            track = self._track(log.id)
            known = track.backfills[wish.number]
            return not without((known.start or 0, known.end or 0), track.verified())

        return self._add(log, f"backfill:{log.id.hex()}:{wish.number}", text, over)

    def frozen(self, log: Log, freeze: Freeze) -> str:
        """A log that nobody follows is frozen; gives what to tell, empty where it was told before."""
        text = (
            f"frozen: {freeze.reason}; evidence: {freeze.evidence}, for `certhia verify-evidence`; "
            f"`certhia logs --accept {log.url}` has it go on"
        )
        new = self._add(log, f"log:{log.id.hex()}:backfill", text, lambda: self._track(log.id).frozen is None)
        return text if new else ""

    def _add(self, log: Log, key: str, text: str, over: Callable[[], bool]) -> bool:
        new = key not in self._alarms
        self._alarms[key] = Alarm(key, text, log=log.description or log.url)
        self._over[key] = over
        return new

    async def look(self) -> list[Found]:
        """Alarms of now; those are over whose range was proven since, or whose log was accepted."""
        for key in [key for key, over in self._over.items() if over()]:
            del self._alarms[key], self._over[key]
        return [Found(alarm, told=True) for alarm in self._alarms.values()]

    @property
    def texts(self) -> list[str]:
        """Those of the last look, and what was found since."""
        return [str(alarm) for alarm in self._alarms.values()]
