"""Entries that nobody can read, of which the hash alone is known: an alarm of each log that has some.

They stand in quarantine, so that the alarm lasts over restarts: until a later version can read them, or until somebody
says that they are seen.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final

from certhia.alarms.board import Found
from certhia.logs.status import Status
from certhia.model import Alarm
from certhia.store.spans import Span, joined, without
from certhia.store.state import State

SEEN: Final = "seen"  # the request, and the setting of the state: what is seen, ranges of entries by log id (hex)
REASON: Final = "an entry whose hash alone is known at byte 0"  # of the quarantine, as the core says it


class Unread:
    """What is in quarantine is looked through when there is more or less of it than at the last look."""

    def __init__(self, state: State, statuses: Callable[[], Sequence[Status]] = list) -> None:
        """`statuses`: of the logs that are followed."""
        self._state = state
        self._statuses = statuses
        self._counted: tuple[int, int] | None = None  # quarantined and resolved, at the last look
        self._left: dict[bytes, list[Span]] = {}  # by log id: not read, not seen
        self._names: dict[bytes, str] = {}
        self._told: dict[bytes, str] = {}  # by log id: what its follower had told when somebody said that it is seen

    async def look(self) -> list[Found]:
        """Alarms of now. Raises StateError."""
        totals = await self._state.totals()
        counted = totals["quarantine"], totals["resolved"]
        if counted != self._counted:
            await self._scan()
            self._counted = counted
        words = {status.log.id: status.unreadable for status in self._statuses()}  # told by their followers
        told = {log_id for log_id, text in words.items() if text and text != self._told.get(log_id)}
        return [Found(self._alarm(log_id, spans), told=log_id in told) for log_id, spans in self._left.items()]

    async def take(self, payload: str) -> str:
        """Takes up a request that what is there be seen; gives the answer. `payload`: a JSON array of log ids (hex).
        Raises StateError."""
        try:
            asked = [bytes.fromhex(one) for one in json.loads(payload)]
        except (ValueError, TypeError, RecursionError) as error:
            return f"failed: the request makes no sense: {type(error).__name__}"
        await self._scan()
        seen = await self._seen()
        count = 0
        words = {status.log.id: status.unreadable for status in self._statuses()}
        self._told |= {log_id: words[log_id] for log_id in asked if log_id in words}
        for log_id in asked:
            spans = self._left.pop(log_id, [])
            seen[log_id.hex()] = joined([*seen.get(log_id.hex(), ()), *spans])
            count += sum(end - start for start, end in spans)
        await self._state.remember(SEEN, json.dumps({key: spans for key, spans in seen.items() if spans}))
        return f"{count:,} entries are seen: they stay in quarantine, and are no alarm any more"

    async def _seen(self) -> dict[str, list[Span]]:
        kept = json.loads(await self._state.recall(SEEN) or "{}")
        return {key: [(start, end) for start, end in spans] for key, spans in kept.items()}

    async def _scan(self) -> None:
        spans = await self._state.unresolved(REASON)
        seen = await self._seen()
        left = {key: _except(of_log, seen.get(key.hex(), [])) for key, of_log in spans.items()}
        self._left = {key: of_log for key, of_log in left.items() if of_log}
        if self._left:
            known = [seen.log for seen in await self._state.logs_seen()]
            self._names = {log.id: log.description or log.url for log in known}

    def _alarm(self, log_id: bytes, spans: Sequence[Span]) -> Alarm:
        count = sum(end - start for start, end in spans)
        text = (
            f"serves entries that can't be read: of {count:,} from {spans[0][0]:,} on the hash alone is known; "
            "`certhia quarantine list` names them, `certhia quarantine seen` ends the alarm"
        )
        return Alarm(f"unread:{log_id.hex()}", text, log=self._names.get(log_id, log_id.hex()))


def _except(spans: Sequence[Span], seen: Sequence[Span]) -> list[Span]:
    """`seen`: in order, as `joined` gives them."""
    starts, out = [start for start, _ in seen], list[Span]()
    for span in spans:
        near = seen[max(bisect_left(starts, span[0]) - 1, 0) : bisect_left(starts, span[1])]
        out += without(span, near)
    return out
