"""What a pipeline has to do with the bus, in one piece: who listens in the program itself, and what is published."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.events.bus import Bus
from certhia.events.event import Event
from certhia.events.keeping import Keeping
from certhia.events.types import LogMisbehaved, LogRecovered
from certhia.library.announcing import HEALTH, HEALTHS, Announcing, Healths
from certhia.library.applying import keeping_of
from certhia.library.reloading import Step
from certhia.model import Health, Tell
from certhia.parts import Parts
from certhia.pipeline import Pipeline
from certhia.store.eventrow import EventRow
from certhia.store.events import kept
from certhia.store.state import State


@dataclass(frozen=True, slots=True)
class Happening:
    """Of one pipeline."""

    announcing: Announcing
    healths: Healths
    keeping: Keeping
    state: State

    @classmethod
    def of(
        cls,
        bus: Bus,
        source: str,
        state: State,
        most: int,
        told: Callable[[Event], object],
        stack: AsyncExitStack,
        *,
        clock: Clock,
        tell: Tell,
    ) -> Happening:
        """`most`: events of each type that the state keeps. `told`: tells sinks. `stack` ends it, before the state."""
        bus.tell = bus.tell or tell
        keeping = Keeping(state.writer.event, most, clock, tell)

        def last() -> None:
            with suppress(StateError):  # storage has failed, and the writer said so
                keeping.flush()

        stack.callback(last)
        stack.callback(bus.on("*", keeping))
        stack.callback(bus.on("*", told))
        return cls(Announcing(bus, source), Healths(bus, source, clock), keeping, state)

    def works(self) -> dict[str, Callable[[int], Awaitable[None]]]:
        """What is to run beside the logs, by what it is called when it breaks."""
        return {"telling how logs are": self._telling, "keeping events": self.keeping.run}

    async def _telling(self, faults: int) -> None:
        """Until cancelled. What an earlier run told is not told again. Raises StateError."""
        if not faults:
            self.healths.left, self.announcing.left = await left_ill(self.state, self.keeping.most)
        await self.healths.run(faults)

    def attach(self, parts: Parts, pipeline: Pipeline, steps: list[Step] | None) -> None:
        """To what tells of logs and reloads, and to the settings that change: `steps` gets how."""
        self.healths.statuses = pipeline.statuses
        self.announcing.listen(parts.reloads)
        if steps is not None:
            steps.append(Step(("state.max_events",), keeping_of(self.keeping)))


async def left_ill(state: State, most: int) -> tuple[dict[str, Health], dict[tuple[str, str], str]]:
    """What was told of logs, and not that it is over: health by name, and texts of alarms by name and kind. `most`:
    events of each type that the state keeps. Raises StateError."""
    last: dict[tuple[str, str], tuple[EventRow, bool]] = {}  # and whether it is older than all recoveries
    types, recovered = {body.type: health for health, body in HEALTHS.items()}, 0
    async with aclosing(kept(state, (*types, LogMisbehaved.type, LogRecovered.type))) as rows:
        async for row in rows:
            about = str(row.data.get("log")), str(row.data.get("kind"))
            last.pop(about, None)
            if row.type == LogRecovered.type:
                recovered += 1
            else:
                last[about] = row, not recovered
    # Of the oldest the end may have been told, and have made room for others.
    left = {about: row for about, (row, old) in last.items() if not (old and recovered >= most)}
    healths = {name: types.get(row.type, Health.DEGRADED) for (name, kind), row in left.items() if kind == HEALTH}
    return healths, {about: str(row.data.get("text")) for about, row in left.items() if about[1] != HEALTH}
