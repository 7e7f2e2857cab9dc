"""What is remembered of the logs over restarts: which were known, which were followed and to what end, and where those
without a position were begun."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from certhia.clock import Clock, utc
from certhia.logs.lists import Loaded
from certhia.logs.select import Choice, Chosen, choose
from certhia.model import Log
from certhia.quantity import Point
from certhia.store import State

KNOWN: Final = "known logs"  # the setting that keeps which logs the last complete list had, and its time
STARTS: Final = "unproven starts"  # the setting that keeps where logs were begun that gave no proof
FOLLOWED: Final = "followed logs"  # the setting that keeps which logs were followed, and how those ended that did


async def recall_followed(state: State) -> dict[bytes, str]:
    """The logs that were followed as any plain run would, by id: how each ended, empty while it has not."""
    return {bytes.fromhex(key): end for key, end in json.loads(await state.recall(FOLLOWED) or "{}").items()}


def verdicts(
    logs: Sequence[Log], choice: Choice, now: float, followed: Mapping[bytes, str], done: Collection[bytes] = ()
) -> tuple[Chosen, ...]:
    """A verdict on each log, by the present choice and by what earlier runs followed. `now`: Unix seconds.

    A log whose interval has ended, or that was frozen, is followed to its end if we followed it before, at a time when
    a run without `--include`, `--expired`, `--log` and `--add-log` would have. A position alone says nothing: it may
    be of a log that was followed only because it was asked for. What the present choice excludes stays excluded.

    `done`: logs that ended in this run in other ways.
    """
    unfinished = {key for key, end in followed.items() if not end}
    finished = followed.keys() - unfinished
    return choose(logs, choice, utc(now), unfinished=unfinished.difference(done), finished=finished.union(done))


class Roster:
    """Kept in the state's settings; what changes goes with the next commit, together with the steps staged by then."""

    def __init__(self, state: State, choice: Choice, origin: Point, clock: Clock) -> None:
        """`origin`: where the user wants logs begun that were never read before."""
        self._state = state
        self._choice = choice
        self._clock = clock
        self._followed: dict[bytes, str] = {}
        self._plain: frozenset[bytes] = frozenset()  # logs that a run without options would follow now
        self._origin = origin
        self._known: frozenset[bytes] = frozenset()  # logs of the last complete list
        self._known_at: float | None = None  # Unix seconds: its time
        self._starts: dict[bytes, int] = {}
        self._last: Sequence[Log] = ()  # all logs, as they were applied last
        self._emptied = False  # whether lists since then would leave none of them to be followed

    def adopt(self, choice: Choice, origin: Point) -> None:
        """Chooses by these from now on."""
        self._choice, self._origin = choice, origin

    async def recall(self) -> None:
        """Takes up what earlier runs left. Raises StateError."""
        known = json.loads(await self._state.recall(KNOWN) or "null")
        if known is not None:
            self._known, self._known_at = frozenset(map(bytes.fromhex, known["logs"])), known["at"]
        self._followed = await recall_followed(self._state)
        starts = json.loads(await self._state.recall(STARTS) or "{}")
        self._starts = {bytes.fromhex(key): start for key, start in starts.items()}

    @property
    def complete_at(self) -> float | None:
        """Unix seconds when we last had all the lists asked for; None where we never had."""
        return self._known_at

    def sustain(self, loaded: Loaded) -> Loaded:
        """The same; where a new list would leave nothing to be followed, with the logs of the last one instead.

        A run that follows nothing ends as if all was well, so such a list is refused whatever it is signed by.
        """
        chosen = [[one for one in self._verdicts(logs) if one.followed] for logs in (self._last, loaded.logs)]
        before, self._emptied = self._emptied, bool(chosen[0]) and not chosen[1]
        if not self._emptied:
            return loaded
        text = f"log lists: they leave none of {len(chosen[0])} followed logs to follow; the last ones stay in use"
        return replace(
            loaded,
            logs=tuple(self._last),
            complete=False,
            notices=(*loaded.notices, *(() if before else (text,))),
            warnings=loaded.warnings | {text},
            refused=(*loaded.refused, text),
        )

    def choose(self, logs: Sequence[Log], done: Collection[bytes] = ()) -> tuple[Chosen, ...]:
        """See `verdicts`."""
        now, self._last = self._clock.now(), logs
        plain = replace(self._choice, include=frozenset(), expired=False, only=(), add=())
        self._plain = frozenset(one.log.id for one in verdicts(logs, plain, now, self._followed) if one.followed)
        return self._verdicts(logs, done)

    def _verdicts(self, logs: Sequence[Log], done: Collection[bytes] = ()) -> tuple[Chosen, ...]:
        return verdicts(logs, self._choice, self._clock.now(), self._followed, done)

    def ended(self, log: Log, end: str) -> None:
        """The log takes no more entries and was read to its end; `end` says how."""
        self._followed[log.id] = end
        self._keep_followed()

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
        self._follow(log.id)
        if self._starts.get(log.id) != start:
            self._starts[log.id] = start
            self._keep_starts()

    def proven(self, log_id: bytes) -> None:
        """The log has a verified position now."""
        self._follow(log_id)
        if self._starts.pop(log_id, None) is not None:
            self._keep_starts()

    def complete(self, loaded: Loaded) -> None:
        """Keeps which logs a list had that was complete."""
        if loaded.complete and loaded.logs:  # none were asked for where no log is followed
            self._known, self._known_at = frozenset(log.id for log in loaded.logs), loaded.as_of.timestamp()
            known = {"at": self._known_at, "logs": sorted(key.hex() for key in self._known)}
            self._state.writer.remember(KNOWN, json.dumps(known))

    def _follow(self, log_id: bytes) -> None:
        if log_id in self._plain and self._followed.get(log_id) != "":  # also one that ended, and goes on after all
            self._followed[log_id] = ""
            self._keep_followed()

    def _keep_followed(self) -> None:
        followed = {key.hex(): end for key, end in sorted(self._followed.items())}
        self._state.writer.remember(FOLLOWED, json.dumps(followed))

    def _keep_starts(self) -> None:
        starts = {key.hex(): start for key, start in sorted(self._starts.items())}
        self._state.writer.remember(STARTS, json.dumps(starts))
