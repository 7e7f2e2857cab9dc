"""From settings to a pipeline that is ready to run."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from certhia.clock import Clock
from certhia.config import Settings
from certhia.dedupe import Seen
from certhia.events.bus import Bus
from certhia.library.announcing import Announcing
from certhia.library.applying import Swap, steps_of, swap
from certhia.library.delivering import sinks_of
from certhia.library.guarding import guarding_of
from certhia.library.happening import Happening
from certhia.library.hearing import beside_of, without_logs
from certhia.library.naming import follower_of
from certhia.library.reloading import Step
from certhia.library.setup import (
    choice_of,
    connect,
    expected_of,
    kept_of,
    limits_of,
    paces_of,
    reading_of,
    sources_of,
)
from certhia.logs.wishes import Owner
from certhia.model import Hearing, Hears, Match, Sink, Tell, Watched
from certhia.net import Transport
from certhia.parts import Parts
from certhia.pipeline import Pipeline
from certhia.reload import Reloaded
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist
from certhia.sinks.certificates import Certificates, Wanting
from certhia.sinks.configured import Sinks
from certhia.store.place import Place
from certhia.store.state import State
from certhia.telling import Teller

if TYPE_CHECKING:
    from certhia._core import Entry
    from certhia.alarms.guard import Guarding
    from certhia.handing import Added
    from certhia.library.scoping import Scoping
    from certhia.stream.hub import Hub


@dataclass(frozen=True, slots=True)
class Given:
    """What a pipeline is built from besides the settings.

    `stream` takes matches that are told as they come, and not stored. `room` returns once those who are told can take
    more. `transport`: the network, by the settings, where it is None.
    """

    rules: Callable[[], Watched]  # those of now
    sinks: Sequence[Sink]
    stream: Callable[[Match], None]
    place: Place  # of the state
    clock: Clock
    tell: Tell
    reloads: Sequence[Reloaded[Any]] = ()
    roots: Roots | None = None
    room: Callable[[], Awaitable[None]] | None = None
    drain: float | None = 0.5  # seconds that sinks have at the end; None: until they have it all
    transport: Transport | None = None
    backfill: str = ""  # see `Parts`
    hub: Hub | None = None  # see `Parts`
    heard: Sequence[Hears] = ()  # who hears of alarms besides stderr, and besides sinks that hear
    steps: list[Step] | None = None  # gets those by which it takes over other settings
    outlets: Callable[[Swap], Step] | None = None  # makes that of the sinks above, given how they are exchanged
    source: str = "watch"  # who says so in events
    bus: Bus = field(default_factory=Bus)  # see `Parts`
    scoping: Scoping | None = None  # bug bounty platforms, whose rules are among those of `rules`


async def assemble(settings: Settings, given: Given, stack: AsyncExitStack) -> Pipeline:
    """Opens the state and the network, which `stack` closes again. Raises StateError, ConfigError."""
    clock = given.clock
    expected = expected_of(settings.watch.expected, clock, given.tell)
    state = await stack.enter_async_context(await State.open(given.place, clock=clock, follow=True))
    if (transport := given.transport) is None:
        transport = await stack.enter_async_context(connect(settings, clock))
    if (scoping := given.scoping) is not None:
        await scoping.begin(state, transport, fetch=not given.backfill)
    choice = choice_of(settings)
    sinks = list(given.sinks)
    configured = await sinks_of(settings, state.directory, stack, clock=clock, tell=given.tell)
    happening = _happening(settings, given, state, configured, stack)
    besides = await _besides(settings, given, state, transport, sinks, configured, stack)
    teller = Teller(
        state,
        Seen(settings.watch.dedupe_size, settings.watch.dedupe_ttl, clock),
        [sink.name for sink in sinks],
        given.stream,
        limits=limits_of(settings, given.roots),
        clock=clock,
        expected=lambda: expected.current,
        routes=besides.routes,
        found=happening.announcing.match,
        inline=besides.inline,
        read=besides.read,
        keep=Certificates(state.directory, clock, given.tell, configured.saving, besides.storing).keep,
    )
    beside = beside_of(settings, transport, clock, given.tell)
    sources = sources_of(settings, choice, transport, clock, state.directory)
    parts = Parts(
        state=state,
        sources=without_logs(sources) if beside.alone else sources,
        beside=beside,
        follower=follower_of(settings, given.hub, state),
        refresh=settings.logs.refresh,
        choice=choice,
        transport=transport,
        rules=given.rules,
        narrowed=partial(_narrowed, given.rules),
        answers={} if scoping is None else scoping.answers(),
        teller=teller,
        sinks=sinks,
        configured=configured,
        added=besides.added,
        works={**besides.works, **happening.works(), **({} if scoping is None else scoping.works())},
        last=besides.last,
        paces=paces_of(settings, clock, json.loads(await state.recall("paces") or "{}")),
        reading=reading_of(settings),
        origin=settings.read.from_,
        memory=settings.read.memory,
        precerts=settings.watch.precerts,
        keeping=kept_of(settings),
        guarding=_guarding(settings, given, state, configured, happening.announcing, besides.added),
        clock=clock,
        tell=given.tell,
        room=given.room,
        backfill=given.backfill,
        hub=given.hub,
        drain=given.drain,
        bus=given.bus,
        reloads=(*given.reloads, *((expected,) if expected.paths or given.steps is not None else ())),
    )
    pipeline = Pipeline(parts)
    happening.attach(parts, pipeline, given.steps)
    if given.steps is not None:
        if given.outlets is not None:
            given.steps.append(given.outlets(partial(swap, parts)))
        given.steps.extend(steps_of(parts, pipeline, expected))
    return pipeline


def _happening(settings: Settings, given: Given, state: State, configured: Sinks, stack: AsyncExitStack) -> Happening:
    """What the bus is told of the run."""
    return Happening.of(
        given.bus,
        given.source,
        state,
        settings.state.max_events,
        configured.happened,
        stack,
        clock=given.clock,
        tell=given.tell,
    )


@dataclass(slots=True)
class _Besides:
    """What runs besides the logs, and what it has to do with matches.

    Attributes:
        routes: who is told of a match besides all.
        storing: for whom the state has certificates of matches.
        works: see `Parts`.
        last: likewise.
        added: modules.
    """

    routes: Callable[[Match], Sequence[str]]
    storing: Callable[[], Sequence[Wanting]] = list
    works: dict[str, Callable[[int], Awaitable[None]]] = field(default_factory=dict)
    last: Callable[[], Coroutine[Any, Any, None]] | None = None
    added: Added | None = None
    inline: Callable[[Sequence[Match]], Awaitable[Sequence[tuple[Match, bool]]]] | None = None  # see `Teller`
    read: Callable[[Match, Entry], None] | None = None  # likewise


async def _besides(
    settings: Settings,
    given: Given,
    state: State,
    transport: Transport,
    sinks: list[Sink],
    configured: Sinks,
    stack: AsyncExitStack,
) -> _Besides:
    """Probes, which are one more of `sinks`, and modules."""
    clock, tell, one = given.clock, given.tell, _Besides(configured.routes)
    if settings.watch.probe and not given.backfill:
        from certhia.library.probing import probing_of  # noqa: PLC0415  (only who probes pays for the scanner)

        probing = probing_of(settings, state, sinks, stack, clock=clock, tell=tell, hears=configured.probed)
        sinks.append(probing)
        one.works, one.last = probing.works(), probing.finish
    if settings.modules.each or given.steps is not None:  # else there are none, and will be none
        from certhia.library.modular import added_of, last_of, routes_of, works_of  # noqa: PLC0415

        added = await added_of(
            settings, state, transport, stack, rules=given.rules, tell=tell, bus=given.bus, clock=clock
        )
        one.added, one.works, one.last = added, one.works | works_of(added), last_of(added, one.last)
        one.inline, one.read = added.host.inline.judged, added.host.choosing.read
        one.routes, one.storing = routes_of(added, configured.routes), added.keeping
    return one


def _guarding(
    settings: Settings,
    given: Given,
    state: State,
    configured: Sinks,
    announcing: Announcing,
    added: Added | None,
) -> Guarding:
    """How alarms are looked for, and who hears of them."""
    own = (sink.hears for sink in given.sinks if isinstance(sink, Hearing))
    looks = [one.look for one in (given.scoping, added.host if added is not None else None) if one is not None]
    heard = (*given.heard, configured.hears, announcing.hears, *own)
    return replace(guarding_of(settings, state.directory), heard=heard, looks=looks)


def _narrowed(rules: Callable[[], Watched], owners: Collection[Owner]) -> Watched | None:
    """The rules of these programmes alone."""
    current = rules()
    return current.narrowed(owners) if isinstance(current, Watchlist) else None
