"""The sinks of the configuration: opened together or not at all, chosen for each match, replaced by difference."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from certhia.config.sinks import ExecSink, FileSink, RedisSink, SinkSection, SinkSettings
from certhia.errors import ConfigError
from certhia.events.event import Event
from certhia.events.words import told_of
from certhia.model import Alarm, Match, Sink
from certhia.sinks.alarms import record as alarm_record
from certhia.sinks.notes import MOST
from certhia.sinks.open import Outside, open_sink
from certhia.sinks.routing import Route
from certhia.sinks.terms import Terms

if TYPE_CHECKING:
    from certhia.sinks.outbox import Outbox

RESERVED: Final = frozenset(("stdout", "probe", "program"))  # queues of our own
BEGINNINGS: Final = ("file:", "module:")  # of others


@dataclass(frozen=True, slots=True)
class Served:
    """One sink in use."""

    sink: Sink
    settings: SinkSection
    route: Route
    terms: Terms


class Sinks:
    """Those in use."""

    def __init__(self, outside: Outside, kinds: Collection[str]) -> None:
        """`kinds`: of matches that sinks are told of unless they say otherwise."""
        self.outside = outside
        self._outbox: Outbox | None = None
        self._early = deque[Event](maxlen=MOST)  # what happened before there was one
        self._kinds = kinds
        self._served: dict[str, Served] = {}

    async def replace(self, new: Mapping[str, SinkSettings]) -> Sequence[str]:
        """Has these sinks in use, and gives what changed, for people. Those whose settings are as before go on as they
        are; the others are all open before one of the old ones is let go. Raises ConfigError, and changes nothing,
        where one can't be."""
        return await (await self.prepared(new))()

    async def prepared(
        self, new: Mapping[str, SinkSettings], *, require_redis: bool | None = None
    ) -> Callable[[], Awaitable[Sequence[str]]]:
        """Opens those that are new, or have changed, and gives what has them in use: that fails no more. Raises
        ConfigError, and leaves nothing open, where one can't be. `require_redis`: see `Outside`; None: as before. Where
        it is asked for anew, each Redis is opened anew."""
        required = self.outside.require_redis if require_redis is None else require_redis
        outside = replace(self.outside, require_redis=required)
        anew = required and not self.outside.require_redis
        wanted = {name: settings for name, settings in new.items() if settings.enabled}
        for name in new:
            if name in RESERVED or name.startswith(BEGINNINGS):
                raise ConfigError(f"sinks.{name}: is a queue's own name; give the sink another")
        _each_its_file(wanted)
        changed = {
            name: one
            for name, one in wanted.items()
            if name not in self._served or self._served[name].settings != one or (anew and isinstance(one, RedisSink))
        }
        opened: dict[str, Served] = {}
        async with AsyncExitStack() as stack:
            for name, settings in changed.items():
                sink = await open_sink(name, settings, outside)
                stack.push_async_callback(sink.close)
                opened[name] = Served(sink, settings, Route.of(settings, self._kinds), Terms.of(settings))
            stack.pop_all()
        return partial(self._use, outside, wanted, opened)

    async def _use(
        self, outside: Outside, wanted: Mapping[str, SinkSettings], opened: Mapping[str, Served]
    ) -> Sequence[str]:
        self.outside, before = outside, self._served
        gone = [name for name in before if name not in wanted or name in opened]
        told = [f"sink {name} {'is new' if name not in before else 'has changed'}" for name in opened]
        told += [f"sink {name} is no longer told" for name in gone if name not in opened]
        kept = {name: one for name, one in before.items() if name not in gone}
        new = {name: replace(one, route=Route.of(one.settings, self._kinds)) for name, one in opened.items()}
        self._served = kept | new
        if self._outbox is not None:
            await self._outbox.replace(gone, {name: (one.sink, one.terms) for name, one in new.items()})
        for name in gone:
            try:
                await before[name].sink.close()
            except Exception as error:  # noqa: BLE001  (it is out of use, whatever becomes of its connection)
                self.outside.tell(f"{name}: did not end well: {type(error).__name__}: {error}", level="warning")
        return told

    def adopt(self, kinds: Collection[str]) -> None:
        """Sinks that say nothing else are told of these kinds of matches from now on."""
        self._kinds = kinds
        self._served = {name: replace(one, route=Route.of(one.settings, kinds)) for name, one in self._served.items()}

    @property
    def outbox(self) -> Outbox | None:
        """What tells them; set by whoever runs them. What happened until then is told with it."""
        return self._outbox

    @outbox.setter
    def outbox(self, outbox: Outbox) -> None:
        self._outbox = outbox
        early, self._early = self._early, deque(maxlen=MOST)
        for event in early:
            self.happened(event)

    @property
    def sinks(self) -> list[Sink]:
        """Those in use."""
        return [one.sink for one in self._served.values()]

    @property
    def terms(self) -> dict[str, Terms]:
        """On what terms they are told, by name."""
        return {name: one.terms for name, one in self._served.items()}

    def routes(self, match: Match) -> list[str]:
        """Who is told of this match."""
        return [name for name, one in self._served.items() if one.route.wants(match)]

    def saving(self) -> list[Route]:
        """Of which matches programs want the certificate as a file."""
        return [one.route for one in self._served.values() if isinstance(one.settings, ExecSink) and one.settings.save]

    def hears(self, alarm: Alarm, *, cleared: bool) -> None:
        """See `certhia.model.Hears`."""
        if self._outbox is None:
            return
        told = alarm_record(alarm, self.outside.clock.now(), cleared=cleared)
        for name, one in self._served.items():
            if "alarm" in one.route.events:
                self._outbox.note(name, told)

    def happened(self, event: Event) -> None:
        """Has it told to those who want such events: a handler of the bus."""
        if self._outbox is None:
            self._early.append(event)
            return
        wanted = [name for name, one in self._served.items() if one.route.hears(event)]
        told = told_of(event) if wanted else {}
        for name in wanted:
            self._outbox.note(name, told)

    def probed(self, match: Match, told: Mapping[str, object]) -> bool:
        """What a probe of a match found, for those who want that. Whether there are any."""
        if self._outbox is None:
            return False
        routes = {name: one.route for name, one in self._served.items()}
        wanted = [name for name, route in routes.items() if "probe" in route.events and route.concerns(match)]
        for name in wanted:
            self._outbox.note(name, told)
        return bool(wanted)

    async def close(self) -> None:
        """Lets all of them go."""
        async with AsyncExitStack() as stack:
            for one in self._served.values():
                stack.push_async_callback(one.sink.close)


def _each_its_file(wanted: Mapping[str, SinkSettings]) -> None:
    """Raises ConfigError where two sinks write to one file: what the one takes back, after a disk was full, may be the
    other's."""
    whose: dict[Path, str] = {}
    for name, one in wanted.items():
        if isinstance(one, FileSink):
            path = Path(os.path.abspath(one.path))  # noqa: PTH100  (resolves `..`, and asks no disk)
            first = whose.setdefault(path, name)
            if first != name:
                raise ConfigError(f"sinks.{first} and sinks.{name} write to {path}: give each a file of its own")
