"""The board of alarms: whatever keeps us from seeing certificates reaches a human, once, and again when it is over.

    look ──▶ found now ──▶ compared with the board ──▶ raised / cleared ──▶ stderr, those who hear, `certhia status`

What there is to find stands in `symptoms`, `freshness` and `space` beside. Durations go by the monotonic clock: a wall
clock that is set raises and clears nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.model import Alarm, Hears, Tell

INTERVAL: Final = 300.0  # seconds: an alarm is raised within this after what it tells of has begun
LOOKS: Final = 5  # an interval: what must last for the interval is looked at this often meanwhile
SHORTEST_LOOK: Final = 1.0  # seconds between two looks
REMEMBERED: Final = 20  # alarms that are over, for the summary


@dataclass(frozen=True, slots=True)
class Found:
    """An alarm that a look found. `told`: whoever noticed first has said so on stderr already."""

    alarm: Alarm
    told: bool = False


class Alarms:
    """Those that are raised now. Change it by `settle` alone, with all that a look found."""

    def __init__(self, tell: Tell, *, clock: Clock, heard: Sequence[Hears] = ()) -> None:
        """`heard`: all of these hear of every alarm."""
        self._tell = tell
        self._clock = clock
        self._heard = tuple(heard)
        self._raised: dict[str, tuple[Alarm, float]] = {}  # by key; monotonic
        self._over: deque[str] = deque(maxlen=REMEMBERED)
        self._soon = asyncio.Event()

    @property
    def now(self) -> tuple[Alarm, ...]:
        """Those that are raised, the oldest first."""
        return tuple(alarm for alarm, _ in self._raised.values())

    @property
    def over(self) -> tuple[str, ...]:
        """The last ones that cleared, with how long they lasted."""
        return tuple(self._over)

    def settle(self, found: Iterable[Found]) -> bool:
        """Raises what is new, clears what is no longer found; the words of the others become the present ones.

        True where anything was raised or cleared.
        """
        wanted = {one.alarm.key: one for one in found}
        gone = [key for key in self._raised if key not in wanted]
        new = [key for key in wanted if key not in self._raised]
        for key in gone:
            self._clear(key)
        for key, one in wanted.items():
            if key in self._raised:
                before, at = self._raised[key]
                self._raised[key] = replace(one.alarm, since=before.since), at
            else:
                self._raise(one)
        return bool(gone or new)

    def _raise(self, one: Found) -> None:
        alarm = replace(one.alarm, since=self._clock.now())
        self._raised[alarm.key] = alarm, self._clock.monotonic()
        if not one.told:
            self._tell(f"alarm: {alarm.text}", level="error", log=alarm.log)
        self._pass_on(alarm, cleared=False)

    def ended(self, alarm: Alarm) -> None:
        """One that an earlier run raised is over; whoever heard of it then hears of that now."""
        self._end(alarm, max(self._clock.now() - alarm.since, 0.0))

    def _clear(self, key: str) -> None:
        alarm, at = self._raised.pop(key)
        self._end(alarm, self._clock.monotonic() - at)

    def _end(self, alarm: Alarm, seconds: float) -> None:
        lasted = lasting(seconds)
        self._over.append(f"{alarm} (over after {lasted})")
        # A warning, so that whoever was told with --quiet is told of its end too.
        self._tell(f"alarm over after {lasted}: {alarm.text}", level="warning", log=alarm.log)
        self._pass_on(alarm, cleared=True)

    def _pass_on(self, alarm: Alarm, *, cleared: bool) -> None:
        for hears in self._heard:
            try:
                hears(alarm, cleared=cleared)
            except StateError:
                raise
            except Exception as error:  # noqa: BLE001  (who hears may be anybody's code: the others hear all the same)
                self._tell(f"an alarm could not be passed on: {type(error).__name__}: {error}", level="error")

    def soon(self) -> None:
        """Has `watch` look at once: somebody knows that there is something to see."""
        self._soon.set()

    async def watch(
        self,
        look: Callable[[], Awaitable[Sequence[Found]]],
        interval: Callable[[], float],
        after: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Looks `LOOKS` times in each `interval` (seconds, as it is now), until cancelled; `after` follows a look that
        changed anything."""
        while True:
            try:
                async with self._clock.deadline(pause(interval())):
                    await self._soon.wait()
            except TimeoutError:
                pass  # time to look
            self._soon.clear()
            if self.settle(await look()) and after is not None:
                await after()


def pause(interval: float) -> float:
    """Seconds between two looks."""
    return max(interval / LOOKS, SHORTEST_LOOK)


def lasting(seconds: float) -> str:
    """`40 s`, `7 min`, `3 h`, `2 days`."""
    for least, size, unit in ((172_800, 86_400, "days"), (7200, 3600, "h"), (120, 60, "min")):
        if seconds >= least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
