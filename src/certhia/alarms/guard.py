"""What a pipeline has to do with alarms: notes loads of lists, looks, keeps the board."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from certhia.alarms.board import INTERVAL, Alarms, Found
from certhia.alarms.broken import Broken
from certhia.alarms.freshness import Freshness
from certhia.alarms.history import History
from certhia.alarms.symptoms import Looked, Symptoms
from certhia.alarms.waiting import Queues
from certhia.clock import Clock
from certhia.logs.lists import Loaded
from certhia.logs.status import Status
from certhia.model import Alarm, Hears, Tell


@dataclass(frozen=True, slots=True)
class Guarding:
    """How alarms are looked for; by the user's settings."""

    interval: float = INTERVAL  # seconds
    places: Sequence[Path] = ()  # where files are written
    poll: float = 30.0  # seconds between two heads of a log, at most
    limited: bool = False  # whether the user set --max-bandwidth, --max-rate or --max-parallel
    heard: Sequence[Hears] = ()  # who hears of alarms besides stderr
    looks: Sequence[Callable[[], Awaitable[Sequence[Found]]]] = ()  # further ones


class Guard:
    """One for each run."""

    def __init__(
        self,
        guarding: Guarding,
        statuses: Callable[[], Sequence[Status]],
        failing: Callable[[], Mapping[str, str]],
        tell: Tell,
        *,
        clock: Clock,
        queues: Callable[[], Queues] = lambda: Queues(0, {}),
        others: Sequence[Callable[[], Awaitable[Sequence[Found]]]] = (),
        history: History | None = None,
    ) -> None:
        """`failing`: why sinks can't be told, by name. `queues`: what they are still to be told. `others`: further
        looks. `history`: keeps what became of alarms."""
        self._interval = guarding.interval
        self._statuses = statuses
        self._freshness = Freshness(clock)
        looked = Looked(statuses, self._freshness, guarding.places, failing, guarding.poll, guarding.limited, queues)
        self._symptoms = Symptoms(looked, guarding.interval, clock)
        self._others = (*others, *guarding.looks) if history is None else (history.look, *others, *guarding.looks)
        self._looked = False  # until then, what followers said counts
        self._alarms = Alarms(
            tell, clock=clock, heard=guarding.heard if history is None else (history, *guarding.heard)
        )
        if history is not None:
            history.over = partial(self._over, history)
        self.broken = Broken(clock)
        self.soon = self._alarms.soon

    def _over(self, history: History, alarm: Alarm) -> None:
        """One that an earlier run left. How a log is that nobody follows now, nobody knows: of that nothing is told."""
        logs = {status.log.description or status.log.url for status in self._statuses()}
        if alarm.log and alarm.log not in logs:
            history(alarm, cleared=True)
        else:
            self._alarms.ended(alarm)

    def adopt(self, guarding: Guarding) -> None:
        """Looks in this way from now on. Who hears of it stays as it is."""
        self._interval = guarding.interval
        looked = replace(self._symptoms.looked, places=guarding.places, poll=guarding.poll, limited=guarding.limited)
        self._symptoms.adopt(looked, guarding.interval)
        self.soon()

    def loaded(self, loaded: Loaded, earlier: float | None = None) -> None:
        """The lists as they are now. `earlier`: Unix seconds when an earlier run had them all."""
        self._freshness.loaded(loaded, earlier)

    async def watch(self, after: Callable[[], Awaitable[None]]) -> None:
        """Looks until cancelled; `after` follows a look that raised or cleared anything."""
        await self._alarms.watch(self._look, lambda: self._interval, after)

    async def _look(self) -> list[Found]:
        self._looked = True
        others = [found for look in self._others for found in await look()]
        return [*await self._symptoms.look(), *self.broken.found, *others]

    @property
    def now(self) -> tuple[Alarm, ...]:
        """Alarms that are raised, the oldest first."""
        return self._alarms.now

    @property
    def over(self) -> tuple[str, ...]:
        """The last ones that cleared."""
        return self._alarms.over

    @property
    def texts(self) -> tuple[str, ...]:
        """What is raised, and what followers found since the last look."""
        found = [
            f"{status.log.description or status.log.url}: {text}"
            for status in self._statuses()
            for text in (*status.alarms, "" if self._looked else status.unreadable)
            if text
        ]
        return tuple(dict.fromkeys((*map(str, self.now), *found)))
