"""What a backfill waits for before it can go on, told to whoever asked for it and to whoever looks at the follower."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from certhia.clock import Clock
from certhia.model import Log
from certhia.store.backfills import Backfill
from certhia.store.ledger import Track, row_log

LOOK_EVERY: Final = 2.0  # seconds between two looks whether a log that is waited for goes on
SAY_AFTER: Final = 30.0  # seconds that a log has to show where its live range begins
UNPROVEN: Final = (
    "nothing of the log is verified yet: it gives no proofs, or no answers; the backfill begins once it does, and "
    "`certhia backfill LOG --cancel` ends it"
)


class Waits:
    """Those of all wishes of this run. `texts` says by log id and number of the wish what is waited for now."""

    def __init__(self, track: Callable[[bytes], Track], tell: Callable[[Log, str], None], clock: Clock) -> None:
        """`track`: what the state knows of a log; `tell` is told of each wait once."""
        self._track = track
        self._tell = tell
        self._clock = clock
        self.texts: dict[tuple[bytes, int], str] = {}

    async def begun(self, log: Log, wish: Backfill, follows: Callable[[bytes], bool]) -> None:
        """Returns when it is known where the log's live range begins, or when nobody follows it."""
        since = self._clock.monotonic()

        def why() -> str:
            track = self._track(log.id)
            if not follows(log.id) or track.end is not None:
                return ""
            if track.frozen is not None:
                return stuck(track)
            return UNPROVEN if self._clock.monotonic() - since >= SAY_AFTER else " "  # it may well be about to

        await self._wait(log, wish, why)

    async def accepted(self, log: Log, wish: Backfill) -> None:
        """Returns when the log is not frozen: it is left alone until a human has it go on."""
        await self._wait(log, wish, lambda: stuck(self._track(log.id)))

    async def _wait(self, log: Log, wish: Backfill, why: Callable[[], str]) -> None:
        """Until there is no reason any more; a blank one is not told."""
        key, before = (wish.log_id, wish.number), ""
        try:
            while reason := why():
                if reason != before and reason.strip():
                    self.texts[key] = before = reason
                    self._tell(log, f"the backfill waits: {reason}")
                await self._clock.sleep(LOOK_EVERY)
        finally:
            self.texts.pop(key, None)


def stuck(track: Track) -> str:
    """What holds up the backfill of a frozen log, and what to do; empty where it is not frozen."""
    log, frozen = row_log(track.row), track.frozen
    if frozen is None:
        return ""
    file = f"; evidence: {frozen['evidence']}, for `certhia verify-evidence`" if frozen["evidence"] else ""
    return (
        f"the log is frozen: {frozen['reason']}{file}; once you have seen to it, `certhia logs --accept {log.url}` has "
        "it go on, and the backfill too"
    )
