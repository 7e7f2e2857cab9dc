"""Records besides matches that wait for one sink, such as alarms: in the state until they are told, or give way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from certhia.errors import StateError
from certhia.render import json_text

if TYPE_CHECKING:
    from certhia.clock import Clock
    from certhia.store import State

MOST: Final = 1000  # that wait; the oldest give way
MOST_BYTES: Final = 16 << 20  # of them, likewise
PREFIX: Final = "note:"  # of the settings of the state that they are

Record = Mapping[str, object]


class Notes:
    """Those for one sink, the oldest first. Each is a number, which is its time in microseconds, and a record.

    Attributes:
        lost: how many gave way to later ones.
    """

    def __init__(self, state: State, sink: str, clock: Clock) -> None:
        self.lost = 0
        self._state = state
        self._sink = sink
        self._clock = clock
        self._waiting: dict[int, Record] = {}
        self._sizes: dict[int, int] = {}
        self._bytes = 0
        self._last = 0

    async def recall(self) -> None:
        """Takes those that the state has: of an earlier run, or queue, too, and without what somebody dropped. Raises
        StateError."""
        newest = self._last
        await self._state.writer.durable()
        found = await stored(self._state, self._sink)
        kept = {number_of(name): json.loads(text) for name, text in found.items()}
        sizes = {number_of(name): len(text) for name, text in found.items()}
        self._sizes = sizes | {number: size for number, size in self._sizes.items() if number > newest}
        self._bytes = sum(self._sizes.values())
        later = {number: record for number, record in self._waiting.items() if number > newest}
        self._waiting = dict(sorted((kept | later).items()))
        self._last = max(self._waiting, default=0)  # the clock may have been set back since

    def add(self, record: Record) -> None:
        """One more. It is on the disk with the next commit."""
        self._last = max(self._last + 1, int(self._clock.now() * 1e6))
        text = json_text(record)
        self._waiting[self._last], self._sizes[self._last] = record, len(text)
        self._bytes += len(text)
        self._keep(self._last, text)
        while len(self._waiting) > MOST or (self._bytes > MOST_BYTES and len(self._waiting) > 1):
            self.done(next(iter(self._waiting)))
            self.lost += 1

    @property
    def first(self) -> tuple[int, Record] | None:
        """The one that is to be told next."""
        return next(iter(self._waiting.items()), None)

    def done(self, number: int) -> None:
        """It was told, or is wanted no more."""
        self._waiting.pop(number, None)
        self._bytes -= self._sizes.pop(number, 0)
        self._keep(number, None)

    def age(self, number: int) -> float:
        """How long it has waited, in seconds."""
        return self._clock.now() - number / 1e6

    def _keep(self, number: int, value: str | None) -> None:
        try:
            self._state.writer.remember(f"{PREFIX}{number:020d}:{self._sink}", value)
        except StateError:
            return  # storage has failed, and the writer says so: the run ends


async def stored(state: State, sink: str) -> dict[str, str]:
    """The settings of the state that wait for a sink, by name, the oldest first. Raises StateError."""
    found = await state.recalled(PREFIX)
    return {name: text for name, text in found.items() if name.removeprefix(PREFIX).partition(":")[2] == sink}


def number_of(name: str) -> int:
    """The number that such a setting's name says."""
    return int(name.removeprefix(PREFIX).partition(":")[0])
