"""A module tried on certificates at hand: what it finds, and how long it takes. And what a module says of itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from certhia._core import Page
from certhia.clock import Clock
from certhia.config import Settings
from certhia.config.modules import BUILT_IN, ModuleSection, OtherModule
from certhia.decode import match
from certhia.errors import ConfigError, Malformed
from certhia.model import Log, LogName, Match, Protocol, RuleHit, Tell
from certhia.modules.api import NETWORK, STATE, Info, Outside, Sees
from certhia.modules.batch import Entries, Handed, Matches, Shared
from certhia.modules.configured import Spec
from certhia.modules.crew import Crew
from certhia.modules.failing import Failed, Fault
from certhia.modules.finding import Result
from certhia.modules.host import check_needs
from certhia.modules.local import Local
from certhia.modules.places import Place, Places
from certhia.modules.runner import Done, Runner
from certhia.modules.seat import AT_ONCE, DEADLINE
from certhia.modules.wire import checked
from certhia.net import Transport
from certhia.rules.watchlist import Watchlist
from certhia.store.state import State

LOG = Log(
    bytes(32), b"", "Certificates at hand", "Nobody", Protocol.RFC6962, "https://ct.example/", "https://ct.example/"
)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of one batch.

    Attributes:
        batch: what it was.
        results: what the module gave for it.
        seconds: that it took.
    """

    batch: Handed | None  # None for what it held back
    results: list[Result]
    seconds: float


class Rehearsal:
    """One module at work, to be asked."""

    def __init__(
        self, runner: Runner, place: Place, section: ModuleSection, rules: Watchlist, *, everything: bool
    ) -> None:
        """`everything`: it sees all entries, whatever `rules` say: also those that nobody can read."""
        self.place = place
        self._everything = everything
        self._runner = runner
        self._section = section
        self._rules = rules

    @property
    def info(self) -> Info:
        """What it says of itself."""
        return self._runner.info

    @property
    def has(self) -> frozenset[str]:
        """The functions that it implements."""
        return self._runner.has

    @property
    def keys(self) -> dict[str, str]:
        """Its own keys, and what they mean."""
        return self._runner.keys

    async def run(self, pages: Iterable[Page], each: Callable[[Rehearsed], None]) -> None:
        """Has it look at these pages; `each` gets what came of each. Raises Failed, also for what is no result."""
        deadline = self._section.deadline or (AT_ONCE if self.info.inline else DEADLINE)
        for page in pages:
            batch = self._batch(page)
            if len(batch):
                done = await self._runner.process(batch, deadline)
                each(Rehearsed(batch, _checked(done), done.seconds))
        if "flush" in self.has:
            done = await self._runner.flush(deadline)
            each(Rehearsed(None, _checked(done), done.seconds))

    def _batch(self, page: Page) -> Handed:
        if self.info.sees is Sees.ENTRIES:
            positions: Sequence[int] = range(len(page))
            if not self._everything:
                positions = [at for at, _ in self._rules.matcher.scan(page).hits]
            return Entries(LogName(LOG.id, LOG.url, LOG.description, LOG.operator), Shared(page), positions)
        if self.info.sees is Sees.VISITS:
            raise ConfigError(f"{self.info.name} sees what a scan visits: try it by a scan, certhia scan --http")
        found: list[Match] = []
        der: dict[bytes, bytes] = {}
        for at, raw in self._rules.matcher.scan(page).hits:
            entry = page[at]
            try:
                names = entry.certificate.names or [""]
            except Malformed:
                continue
            hits = self._rules.hits(raw) or (RuleHit(".", names[0], "san", "everything"),)
            one = match(LOG, entry, hits, verified=True, seen=entry.timestamp / 1000)
            found.append(one)
            der[one.key] = entry.submitted
        return Matches(found, lambda one: der.get(one.key))


def _checked(done: Done) -> list[Result]:
    try:
        return [checked(one) for one in done.results]
    except (TypeError, ValueError) as error:
        raise Failed(Fault.RAISED, f"gave what is no result: {error}") from error


async def rehearsal(
    settings: Settings,
    name: str,
    stack: AsyncExitStack,
    *,
    rules: Iterable[str],
    clock: Clock,
    tell: Tell,
    connect: Callable[[], Any],
    opened: Callable[[], Any],
    directory: Path,
) -> Rehearsal:
    """The module of that name, as its settings want it, at work in a directory of its own. `rules`: which certificates
    it gets, unless its settings say so; without both it gets all. `connect`, `opened`: enter the network and an empty
    state, where it needs them. Raises ConfigError."""
    place = Places(settings.modules.autoload, os.environ).find(name)
    section = settings.modules.each.get(name) or BUILT_IN.get(name, OtherModule)()
    chosen = section.only or tuple(rules)
    watched = Watchlist(*(chosen or (".",)))
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    spec = Spec.of(place, section, directory, chosen, ())
    runner: Runner
    if section.trusted or place.kind == "built in":
        transport: Transport = await stack.enter_async_context(connect())
        state: State = await stack.enter_async_context(await opened())

        def outside(info: Info) -> Outside:
            given = (transport if NETWORK in info.needs else None, state if STATE in info.needs else None)
            return Outside(clock, tell, directory, lambda: watched, lambda *_a, **_k: None, *given)

        runner = await Local.start(spec, outside, clock, tell)
        stack.push_async_callback(runner.close)
    else:
        crew = Crew("entries", settings.modules.memory, clock, tell, lambda *_a, **_k: None)
        stack.push_async_callback(crew.close)
        runner = await crew.load(spec)
    check_needs(runner.info, trusted=section.trusted or place.kind == "built in")
    return Rehearsal(runner, place, section, watched, everything=not chosen)


async def looked_at(settings: Settings, name: str, clock: Clock, tell: Tell) -> tuple[Place, Runner]:
    """A module as it says itself what it is: imported in a worker process, which ends. Raises ConfigError."""
    place = Places(settings.modules.autoload, os.environ).find(name)
    crew = Crew("looking", settings.modules.memory, clock, tell, lambda *_a, **_k: None)
    try:
        return place, await crew.load(replace(Spec(place), look=True))
    finally:
        await crew.close()
