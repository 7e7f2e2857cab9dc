"""`certhia.watch`: matches, one by one, as `certhia watch` finds them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from certhia.clock import Clock
from certhia.config import Settings
from certhia.config.sources import from_values
from certhia.errors import ConfigError
from certhia.events.bus import Bus
from certhia.library.assembly import Given, assemble
from certhia.library.feed import Feed
from certhia.library.running import Beside, logged
from certhia.library.setup import rules_of
from certhia.model import Hears, Match, Tell
from certhia.net import Transport, contact_notice
from certhia.pipeline import Pipeline
from certhia.reload import Reloaded
from certhia.rules.language import Rule
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist
from certhia.store import place

if TYPE_CHECKING:
    from certhia.library.scoping import Scoping

Place = str | PathLike[str]

_ARGUMENTS = frozenset({"watch.rules", "watch.files", "state.name"})


async def watch(
    rules: str | Iterable[str | Rule] | Watchlist = (),
    *,
    files: Iterable[Place] = (),
    start: str | int | date = "now",
    until: str | int | date | None = None,
    state: Place | None = None,
    lists: Iterable[str] = ("google",),
    log_lists: Iterable[Place] = (),
    logs: Iterable[str] = (),
    precerts: bool = True,
    every_sighting: bool = False,
    contact: str | None = None,
    options: Mapping[str, object] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
    tell: Tell | None = None,
    on_alarm: Hears | None = None,
    events: Bus | None = None,
) -> AsyncGenerator[Match, None]:
    """Follows the logs, and yields a `Match` for each certificate that a rule matches, once for each issuance.

        async for match in certhia.watch(["example.com", "*.example.org"], start="2026-11-01"):
            print(match.names, match.log.url, match.sighting.index)

    Matches come as they are read; `match.verified` says whether a signed head is known to cover the entry already. The
    pace is yours: reading waits while a thousand matches wait for you. Leaving the loop, or cancelling the task that is
    in it, ends all within a second; use `contextlib.aclosing` where the moment matters, as Python closes an abandoned
    generator only when it collects it.

    Args:
        rules: watch rules as on the command line (or `Rule`s), or a `Watchlist`.
        files: files of rules; read again when they change.
        start: where to begin with a log that `state` does not know: "now", "beginning", an index, -N for N entries
            before the head, or a date (UTC unless it says otherwise).
        until: where to end, in the same words; "now" is the head of each log at the start. None: never.
        state: a name, a directory (a text with a slash, or a Path) or a database (postgresql://USER@HOST/NAME) that
            keeps positions and matches, for `certhia` commands and for the next run, which goes on where this one
            ended. A match counts as told when the next one is asked for; the one that was not comes again. None keeps
            nothing once the run is over.
        lists: published log lists, "google" and "apple".
        log_lists: your own instead of them, files or URLs.
        logs: URLs of the only logs to follow, whatever the lists say.
        precerts: look at precertificates too.
        every_sighting: yield each log entry of a certificate, not each certificate once.
        contact: a mail address or https URL for log operators, sent in the User-Agent.
        options: any other setting by its key: {"read.memory": "32MB", "logs.deny": ["*sabre*"]}. Configuration files
            and the environment are not looked at.
        transport: what fetches URLs instead of the network; `certhia.testing` has one for tests.
        clock: what tells the time instead of the machine.
        tell: gets what the command would print on standard error; the logger `certhia` unless given.
        events: who is told what happens, besides everyone who called `certhia.subscribe`.
        on_alarm: called as `on_alarm(alarm, cleared=False)` when an `Alarm` is raised, and with True when it is over.

    Raises:
        ConfigError: a rule, a file or an option makes no sense, or no log is left to follow.
        StateError: the state can't be read or written, or another process follows there.
        RemoteError: no log list can be had. What logs do wrong later is told, and tried again.
    """
    taken = sorted(_ARGUMENTS.intersection(options or {}))
    if taken:
        raise ConfigError(f"options: {', '.join(taken)}: give it as the argument that there is for it")
    settings = from_values(
        {
            "read.from": start,
            "read.until": until,
            "read.contact": contact,
            "watch.precerts": precerts,
            "watch.every_sighting": every_sighting,
            "logs.lists": tuple(lists),
            "logs.log_list": tuple(map(str, log_lists)),
            "logs.log": tuple(logs),
            **(options or {}),
        }
    )
    clock, tell = clock or Clock(), tell or logged
    scoping = _scoping(settings, clock, tell)
    reloaded = await asyncio.to_thread(_rules, rules, files, clock, tell, scoping)
    for text in (*reloaded.current.notices, contact_notice(contact, "contact=")):
        if text:
            tell(text)
    heard = [] if on_alarm is None else [on_alarm]
    run = _Run(settings, reloaded, state, transport, clock, tell, heard, events or Bus(clock, tell), scoping)
    async with Beside(run.run(), run.feed.finish):
        try:
            while (match := await run.feed.take()) is not None:
                yield match
        finally:
            run.stop()


class _Run:
    """A pipeline whose sink is a feed."""

    def __init__(
        self,
        settings: Settings,
        rules: Reloaded[Watchlist],
        state: Place | None,
        transport: Transport | None,
        clock: Clock,
        tell: Tell,
        heard: Sequence[Hears],
        bus: Bus,
        scoping: Scoping | None,
    ) -> None:
        self.feed = Feed()
        self._settings = settings
        self._rules = rules
        self._state = state
        self._transport = transport
        self._clock = clock
        self._tell = tell
        self._heard = heard
        self._scoping = scoping
        if scoping is not None:
            scoping.remake = rules.again
        self._bus = bus
        self._pipeline: Pipeline | None = None
        self._stopped = False

    def stop(self) -> None:
        """Ends it, whenever it is asked for."""
        self._stopped = True
        self.feed.leave()
        if self._pipeline is not None:
            self._pipeline.stop()

    async def run(self) -> None:
        """Runs until stopped, or until nothing is left to read."""
        rules = self._rules
        async with AsyncExitStack() as stack:
            given = Given(
                rules=lambda: rules.current,
                reloads=[rules] if rules.paths else [],
                scoping=self._scoping,
                sinks=[self.feed],
                stream=self.feed.stream,
                room=self.feed.room,
                drain=None,
                roots=Roots.load(self._settings.watch.roots) if self._settings.watch.roots else None,
                place=await self._where(stack),
                transport=self._transport,
                clock=self._clock,
                tell=self._tell,
                heard=self._heard,
                bus=self._bus,
            )
            self._pipeline = pipeline = await assemble(self._settings, given, stack)
            writer = pipeline.state.writer
            before = self.feed.last = writer.last_delivery
            self.feed.waiting = lambda: writer.last_delivery - max(self.feed.last, before)
            if self._stopped:
                pipeline.stop()
            await pipeline.run()

    async def _where(self, stack: AsyncExitStack) -> place.Place:
        if self._state is None:
            folder = tempfile.TemporaryDirectory(prefix="certhia-")
            stack.push_async_callback(asyncio.to_thread, folder.cleanup)
            return place.Place(Path(folder.name))
        return _place(self._state)


def _place(state: Place) -> place.Place:
    return place.state_place(state) if isinstance(state, str) else place.Place(Path(state).absolute())


def _scoping(settings: Settings, clock: Clock, tell: Tell) -> Scoping | None:
    """Bug bounty platforms, where there are any."""
    if not settings.platforms.each:
        return None
    from certhia.library.scoping import Scoping  # noqa: PLC0415  (only who has platforms pays for them)

    return Scoping(settings.platforms, clock, tell)


def _rules(
    rules: str | Iterable[str | Rule] | Watchlist,
    files: Iterable[Place],
    clock: Clock,
    tell: Tell,
    scoping: Scoping | None,
) -> Reloaded[Watchlist]:
    paths = [Path(file) for file in files]
    if isinstance(rules, Watchlist):
        if scoping is not None:
            raise ConfigError("rules are a Watchlist, and there are platforms besides: give the rules as texts")
        if paths:
            raise ConfigError("rules are a Watchlist, and there are files besides: give the rules as texts")
        return Reloaded("rules", (), lambda: rules, lambda _old, _new: (), clock=clock, tell=tell)
    given: object = rules
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise TypeError(f"rules are a text, a list of them or a Watchlist, not {type(given).__name__}")
    return rules_of([rules] if isinstance(rules, str) else list(rules), paths, clock, tell, scoping)
