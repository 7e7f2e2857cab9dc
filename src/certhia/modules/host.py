"""All modules of a run: started together or not at all, replaced by difference, handed what comes.

pages ──▶ modules that see entries          trusted: in a thread each        ──▶ findings ──▶ the bus
outbox ──▶ modules that see matches         others: in worker processes,
matches about to be told ──▶ inline ones    one for each of these three
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from certhia.alarms.board import Found
from certhia.clock import Clock
from certhia.config.modules import Modules, ModuleSection, OtherModule
from certhia.errors import CerthiaError, ConfigError
from certhia.model import Alarm, Match, Tell, Watched
from certhia.modules.api import CERTIFICATES, NETWORK, STATE, Info, Outside, Sees
from certhia.modules.batch import Matches
from certhia.modules.choosing import Choosing
from certhia.modules.configured import Spec
from certhia.modules.crew import Crew
from certhia.modules.failing import Failed, Off
from certhia.modules.inline import Inline
from certhia.modules.local import Local
from certhia.modules.pages import Pages
from certhia.modules.places import Places
from certhia.modules.publishing import publishing
from certhia.modules.reporting import Publish, Reporting
from certhia.modules.runner import Runner
from certhia.modules.seat import Seat
from certhia.net import Transport
from certhia.rules.watchlist import Watchlist
from certhia.store.state import State
from certhia.store.submissions import chains

GRANTED: Final = frozenset((NETWORK, STATE, CERTIFICATES))
QUEUE: Final = "module:"  # what a module's queue in the outbox begins with


@dataclass(frozen=True, slots=True)
class Ground:
    """What modules stand on. `rules`, `files`: the watch rules of the run, for those in a worker."""

    clock: Clock
    tell: Tell
    publish: Publish
    watched: Callable[[], Watched]
    state: State
    transport: Transport
    rules: Sequence[str] = ()
    files: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


class Host:
    """Those in use. `accept` gets every page, `deliver` the matches of a queue; `replace` has other ones in use."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._seats: dict[str, Seat] = {}
        self._seen: dict[tuple[Sees, bool], list[Seat]] = {}  # those that see entries, matches, inline ones
        self._keeping: Set[str] = frozenset()  # queues of those that need certificates
        self._crews: dict[str, Crew] = {}
        self._together = ThreadPoolExecutor(1, thread_name_prefix="modules")
        self._prepared: AsyncExitStack | None = None  # undoes what is not in use yet
        self._reporting = Reporting(ground.publish, ground.watched, ground.clock, ground.tell)
        self.choosing = Choosing(lambda: [seat for seat in self.seats if seat.info.sees is Sees.MATCHES])
        inline = partial(self._seeing, Sees.MATCHES, inline=True)
        self.inline = Inline(inline, self._reporting, ground.clock, self.choosing.wants)
        self.pages = Pages(lambda: self._seeing(Sees.ENTRIES), self._reporting, ground.clock, ground.tell)

    # --- which there are ---

    async def replace(self, settings: Modules) -> list[str]:
        """Has these modules in use; gives what changed, for people. Raises ConfigError, and changes nothing, where one
        doesn't work."""
        return await (await self.prepared(settings))()

    async def prepared(self, settings: Modules) -> Callable[[], Awaitable[list[str]]]:
        """Starts those that are new, or have changed, and gives what has them in use: that fails no more. Those whose
        settings are as before go on as they are. Raises ConfigError, and changes nothing, where one doesn't work."""
        await self._undo()
        wanted = {name: one for name, one in settings.each.items() if one.enabled}
        places = Places(settings.autoload, self._ground.environment)
        changed = {name: one for name, one in wanted.items() if self._differs(name, one)}
        new: dict[str, Seat] = {}
        async with AsyncExitStack() as stack:
            for name, section in changed.items():
                seat = await self._reconfigured(name, section, places, stack)
                if seat is None:
                    seat = await self._started(name, section, places, settings.memory, (*self.seats, *new.values()))
                    stack.push_async_callback(seat.runner.close)
                new[name] = seat
            self._prepared = stack.pop_all()
        return partial(self._use, tuple(wanted), new)

    async def _use(self, wanted: Sequence[str], new: Mapping[str, Seat]) -> list[str]:
        self._prepared = None
        before = self._seats
        self._seat({name: new.get(name) or self._seats[name] for name in wanted})
        told = [f"module {name} {'is new' if name not in before else 'has changed'}" for name in new]
        told += [f"module {name} is no longer in use" for name in before if name not in wanted]
        for name, seat in new.items():
            self._ground.publish("module.loaded", {"module": name, "version": seat.info.version})
        for name, seat in before.items():
            if name not in wanted:
                self._ground.publish("module.disabled", {"module": name, "why": "it is no longer configured"})
            if all(seat.runner is not one.runner for one in self._seats.values()):
                await self._let_go(seat)
        await self._tidy()
        return told

    async def _undo(self) -> None:
        """Lets go of what was prepared and never came into use: something else was wrong with the settings."""
        if self._prepared is not None:
            stack, self._prepared = self._prepared, None
            await stack.aclose()

    def _differs(self, name: str, section: ModuleSection) -> bool:
        seat = self._seats.get(name)
        return seat is None or bool(seat.off) or seat.section != section

    async def _started(
        self, name: str, section: ModuleSection, places: Places, memory: int, others: Sequence[Seat]
    ) -> Seat:
        ground = self._ground
        place = places.find(name)
        directory = ground.state.directory / "modules" / name
        directory.mkdir(parents=True, exist_ok=True)
        spec = Spec.of(place, section, directory, ground.rules, ground.files)
        only = _only(name, section.only, others)
        runner: Runner
        if section.trusted or place.kind == "built in":
            runner = await Local.start(
                spec, lambda info: self._outside(info, spec), ground.clock, ground.tell, self._together
            )
        else:
            runner = await self._in_a_worker(spec, memory)
        try:
            check_needs(runner.info, trusted=section.trusted or place.kind == "built in")
        except ConfigError:
            await runner.close()
            raise
        return Seat(spec, section, runner, only, clock=ground.clock, tell=ground.tell, disabled=self._disabled)

    async def _in_a_worker(self, spec: Spec, memory: int) -> Runner:
        """Loads it where its likes are; which that is, it says itself, once it is looked at somewhere."""
        crew = self._crew("looking", memory)
        info = (await crew.load(replace(spec, look=True))).info
        check_needs(info, trusted=False)
        return await self._crew("inline" if info.inline else info.sees.value, memory).load(spec)

    def _crew(self, role: str, memory: int) -> Crew:
        if role not in self._crews:
            ground = self._ground
            self._crews[role] = Crew(role, memory, ground.clock, ground.tell, ground.publish)
        self._crews[role].memory = memory
        return self._crews[role]

    async def _reconfigured(
        self, name: str, section: ModuleSection, places: Places, stack: AsyncExitStack
    ) -> Seat | None:
        """The same module with other keys of its own, where nothing else changed and it can take them over."""
        before = self._seats.get(name)
        if before is None or before.off or "reconfigure" not in before.runner.has:
            return None
        if not _only_own(before.section, section) or places.find(name) != before.spec.place:
            return None
        ground = self._ground
        spec = Spec.of(before.spec.place, section, Path(before.spec.directory), ground.rules, ground.files)
        try:
            await before.runner.reconfigure(spec)
        except CerthiaError as error:
            raise ConfigError(str(error) if isinstance(error, ConfigError) else f"module {name}: {error}") from error
        stack.push_async_callback(before.runner.reconfigure, before.spec)  # where another one can't be had
        seat = Seat(
            spec, section, before.runner, before.only, clock=ground.clock, tell=ground.tell, disabled=self._disabled
        )
        seat.figures = before.figures
        return seat

    def _outside(self, info: Info, spec: Spec) -> Outside:
        ground = self._ground
        return Outside(
            ground.clock,
            lambda text, *, level="info", log="": ground.tell(f"module {info.name}: {text}", level=level, log=log),
            Path(spec.directory),
            ground.watched,
            publishing(ground.publish, ours=spec.place.kind == "built in"),
            ground.transport if NETWORK in info.needs else None,
            ground.state if STATE in info.needs else None,
        )

    async def _let_go(self, seat: Seat) -> None:
        """With what it held back told."""
        await self.pages.leave(seat)
        with suppress(Failed, Off):  # told by the seat
            self._reporting.report(seat, await seat.flush())
        await seat.runner.close()

    async def _tidy(self) -> None:
        """Ends workers that have nothing to do."""
        used = {"inline" if one.info.inline else one.info.sees.value for one in self._seats.values() if not one.trusted}
        for role in [role for role in self._crews if role not in used]:
            await self._crews.pop(role).close()

    def _disabled(self, seat: Seat) -> None:
        self._ground.publish("module.disabled", {"module": seat.name, "why": seat.off})

    # --- what they are handed ---

    def _seat(self, seats: dict[str, Seat]) -> None:
        """Has these in use. Who sees what is looked up with each page, and each match."""
        self._seats = seats
        self._seen = {}
        for seat in seats.values():
            self._seen.setdefault((seat.info.sees, seat.info.inline), []).append(seat)
        self._keeping = {QUEUE + name for name, seat in seats.items() if CERTIFICATES in seat.info.needs}

    def _seeing(self, sees: Sees, *, inline: bool = False) -> Sequence[Seat]:
        return self._seen.get((sees, inline), ())

    @property
    def queues(self) -> list[str]:
        """The queues of the outbox that modules need, one for each that sees matches."""
        return [QUEUE + seat.name for seat in self._seeing(Sees.MATCHES)]

    @property
    def keeps_certificates(self) -> bool:
        """Whether the certificates of matches are to be kept for somebody."""
        return bool(self._keeping)

    def needs(self, match: Match) -> bool:
        """Whether a module that gets this match needs its certificate."""
        return any(name in self._keeping for name in self.routes(match))

    async def certificates(self, queue: str, matches: Sequence[Match]) -> Mapping[bytes, Sequence[bytes]]:
        """By key, of those matches of which they are kept: the certificate as submitted and its chain, DER; of none
        where the module doesn't need them. Raises StateError."""
        if queue not in self._keeping:
            return {}
        return await chains(self._ground.state, [match.key for match in matches])

    def routes(self, match: Match) -> list[str]:
        """The queues that get a match."""
        return [
            QUEUE + seat.name
            for seat in self._seeing(Sees.MATCHES)
            if not seat.off and self.choosing.wants(seat, match)
        ]

    async def deliver(self, queue: str, matches: Matches) -> None:
        """Has a module look at matches. Raises Failed where they are to come again, Off where no more are wanted."""
        seat = self._seats.get(queue.removeprefix(QUEUE))
        if seat is None:
            raise Off("it is no longer in use")
        self._reporting.report(seat, await seat.process(matches), matches)

    async def flush(self) -> None:
        """At the end of a run: tells what modules held back."""
        await self.pages.end()
        for seat in self._seats.values():
            with suppress(Failed, Off):  # told by the seat
                self._reporting.report(seat, await seat.flush())

    # --- how they are doing ---

    async def look(self) -> list[Found]:
        """Alarms of now: modules that are switched off."""
        return [
            Found(
                Alarm(
                    f"module:{seat.name}",
                    f"module {seat.name} is switched off: {seat.off}; change its settings, or restart, to try it again",
                ),
                told=True,
            )
            for seat in self._seats.values()
            if seat.off
        ]

    @property
    def seats(self) -> Collection[Seat]:
        """Those in use."""
        return self._seats.values()

    async def close(self) -> None:
        """Lets all of them go. Idempotent."""
        await self._undo()
        seats = self._seats
        self._seat({})
        for seat in seats.values():
            await seat.runner.close()
        for crew in self._crews.values():
            await crew.close()
        self._crews = {}
        self._together.shutdown(wait=False)


def check_needs(info: Info, *, trusted: bool) -> None:
    """Raises ConfigError for what a module needs and can't have."""
    for need in info.needs:
        if need in (NETWORK, STATE) and not trusted:
            raise ConfigError(
                f"modules.{info.name}: needs {need!r}, which a worker process is not given: write trusted = true, if "
                "it is"
            )
        if need not in GRANTED:
            try:
                version(need)
            except (PackageNotFoundError, ValueError):
                raise ConfigError(f"modules.{info.name}: needs {need}; install it: pip install {need}") from None


def _only(name: str, rules: Sequence[str], others: Sequence[Seat]) -> Watched | None:
    """The rules that choose what a module gets; those with the same ones share them."""
    if not rules:
        return None
    for seat in others:
        if tuple(seat.section.only) == tuple(rules):
            return seat.only
    try:
        return Watchlist(*rules)
    except ConfigError as error:
        raise ConfigError(f"modules.{name}.only: {error}") from error


def _only_own(before: ModuleSection, after: ModuleSection) -> bool:
    """Whether two settings differ in a module's own keys alone."""
    if type(before) is not type(after):
        return False
    if isinstance(before, OtherModule):
        return before.model_copy(update={"own": {}}) == after.model_copy(update={"own": {}})
    return all(getattr(before, name) == getattr(after, name) for name in ModuleSection.model_fields)
