"""What becomes of alarms is stored: when each was raised, and when it cleared, over restarts too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from certhia.alarms.board import Found
from certhia.clock import Clock
from certhia.model import Alarm
from certhia.store.alarms import stored
from certhia.store.state import State

# Kinds of alarms that need not last to be found. Not of them: a broken promise, which nobody looks for by themselves.
AT_ONCE: Final = frozenset(("log", "config", "disk"))


class History:
    """Hears of every alarm. One that an earlier run left goes on where it is raised again, as one; where it is not, it
    cleared when this run had looked.

    Attributes:
        over: called with each that cleared so, of those that show at once (`AT_ONCE`); whoever else heard of it is to
            hear of that, too. Others may only not have lasted for long enough in this run.
    """

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._open: dict[str, Alarm] = {}  # as stored, by key
        self._left: set[str] | None = None  # keys that an earlier run left; None until they are known
        self.over: Callable[[Alarm], None] = lambda alarm: self(alarm, cleared=True)

    def __call__(self, alarm: Alarm, *, cleared: bool) -> None:
        """See `certhia.model.Hears`."""
        before = self._open.get(alarm.key)
        if self._left is not None:
            self._left.discard(alarm.key)
        if cleared:
            self._open.pop(alarm.key, None)
            since = alarm.since if before is None else before.since
            self._state.writer.alarm(Alarm(alarm.key, alarm.text, since, alarm.log), self._clock.now())
        elif before is None:
            self._open[alarm.key] = alarm
            self._state.writer.alarm(alarm)

    async def look(self) -> list[Found]:
        """Before each look of the others: at the first learns what an earlier run left, at the second clears what the
        first did not find. Finds nothing itself. Raises StateError."""
        if self._left is None:
            async with aclosing(stored(self._state, lasting=True)) as rows:
                self._open = {one.alarm.key: one.alarm async for one in rows}
            self._left = set(self._open)
        elif self._left:
            for key in tuple(self._left):
                if key.partition(":")[0] in AT_ONCE:
                    self.over(self._open[key])
                else:
                    self(self._open[key], cleared=True)
            self._left = set()
        return []
