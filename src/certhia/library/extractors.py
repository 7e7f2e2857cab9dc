"""Extractors of others, at work for a scan: modules that see visits, each called for every server that answered."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from certhia.clock import Clock
from certhia.config import Settings
from certhia.config.modules import ModuleSection
from certhia.errors import ConfigError, Malformed
from certhia.events.bus import Bus
from certhia.model import Tell
from certhia.modules.api import NETWORK, STATE, Info, Outside, Sees
from certhia.modules.batch import Visits
from certhia.modules.configured import Spec
from certhia.modules.crew import Crew
from certhia.modules.failing import Failed, Off
from certhia.modules.finding import Name
from certhia.modules.loading import load
from certhia.modules.local import Local
from certhia.modules.places import Places
from certhia.modules.publishing import publishing
from certhia.modules.runner import Runner
from certhia.modules.seat import Seat
from certhia.rules.nothing import NOTHING
from certhia.rules.watchlist import Watchlist
from certhia.scanner.content.extracting import Visit
from certhia.scanner.content.urls import name_of
from certhia.scanner.records import Found
from certhia.store.place import state_place

SOURCE: Final = "modules"  # who says so in events
MOST: Final = 5000  # names that one of them may find in a visit


class Extractors:
    """Those in use: called with a visit, gives names. One that fails or is late finds nothing this time; the third time
    it is switched off, and the scan goes on."""

    def __init__(self, seats: Sequence[Seat]) -> None:
        self.seats = seats

    async def __call__(self, visit: Visit) -> list[Found]:

        found: list[Found] = []
        for seat in self.seats:
            if seat.off or not _concerns(seat, visit):
                continue
            try:
                results = await seat.process(Visits([visit]))
            except (Failed, Off):  # told by the seat
                continue
            names = [one for one in results[:MOST] if isinstance(one, Name)]
            found += [Found(name, one.source, one.confidence) for one in names if (name := name_of(one.name))]
        return found


def _concerns(seat: Seat, visit: Visit) -> bool:
    """Whether a server's certificate, or the name that it was asked for, is among those that it is to see."""
    if seat.only is None:
        return True
    matcher = seat.only.matcher
    if visit.host and matcher.match([visit.host]):
        return True
    try:
        return bool(visit.certificates and matcher.certificate(visit.chain[0]))
    except Malformed:
        return False


class Loading:
    """Has modules loaded that see visits; others only say what they are."""

    def __init__(
        self, settings: Settings, stack: AsyncExitStack, bus: Bus, clock: Clock, tell: Tell, scan: str = ""
    ) -> None:

        self._settings = settings
        self._stack = stack
        self._bus = bus
        self._clock = clock
        self._tell = tell
        self._scan = scan
        self._places = Places(settings.modules.autoload, os.environ)
        self._directory = state_place(settings.state.name).directory
        self._crew: Crew | None = None

    async def seat(self, name: str, section: ModuleSection) -> Seat | None:
        """The module at work; None for one that sees something else."""

        directory, watch = self._directory / "modules" / name, self._settings.watch
        spec = Spec.of(self._places.find(name), section, directory, watch.rules, watch.files)
        info = await self._looked_at(spec, trusted=section.trusted)
        if info.sees is not Sees.VISITS:
            return None
        if not {NETWORK, STATE}.isdisjoint(info.needs):
            raise ConfigError(f"modules.{name}: needs {' and '.join(info.needs)}, which a scan gives to none")
        await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
        runner = await self._runner(spec, trusted=section.trusted)
        self._stack.push_async_callback(runner.close)
        only = Watchlist(*section.only) if section.only else None
        self._publish("module.loaded", {"module": name, "version": runner.info.version})
        return Seat(spec, section, runner, only, clock=self._clock, tell=self._tell, disabled=self._disabled)

    async def _looked_at(self, spec: Spec, *, trusted: bool) -> Info:

        if not trusted:
            return (await self._workers().load(replace(spec, look=True))).info
        try:
            return (await asyncio.to_thread(load, spec.place)).info
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(f"module {spec.place.name}: {type(error).__name__}: {error}") from error

    async def _runner(self, spec: Spec, *, trusted: bool) -> Runner:

        if trusted:
            return await Local.start(spec, lambda info: self._outside(info, spec), self._clock, self._tell)
        return await self._workers().load(spec)

    def _workers(self) -> Crew:

        if self._crew is None:
            memory = self._settings.modules.memory
            self._crew = Crew("visits", memory, self._clock, self._tell, self._publish)
            self._stack.push_async_callback(self._crew.close)
        return self._crew

    def _outside(self, info: Info, spec: Spec) -> Outside:

        def said(text: str, *, level: str = "info", log: str = "") -> None:
            self._tell(f"module {info.name}: {text}", level=level, log=log)

        return Outside(self._clock, said, Path(spec.directory), lambda: NOTHING, publishing(self._publish))

    def _publish(self, type: str, data: Mapping[str, Any], *, correlation: str = "") -> None:  # noqa: A002
        self._bus.publish(type, data, source=SOURCE, correlation=correlation or self._scan)

    def _disabled(self, seat: Seat) -> None:
        self._publish("module.disabled", {"module": seat.name, "why": seat.off})
