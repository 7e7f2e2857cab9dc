"""How a pipeline takes over other settings: each step prepares what may fail, and gives what puts it in place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from certhia._core import build_info
from certhia.clock import utc
from certhia.config import Settings
from certhia.errors import ConfigError
from certhia.events.keeping import Keeping
from certhia.library.delivering import requires_redis
from certhia.library.guarding import guarding_of
from certhia.library.reloading import Commit, Prepare, Step
from certhia.library.setup import choice_of, kept_of, limits_of, loader_of, own_of, reading_of, sources_of
from certhia.logs.select import choose
from certhia.model import Sink
from certhia.net import Http, trust_of, user_agent
from certhia.parts import Parts
from certhia.pipeline import Pipeline
from certhia.reload import Reloaded
from certhia.rules.expected import Expected
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist

if TYPE_CHECKING:
    from certhia.handing import Added
    from certhia.library.scoping import Scoping

T = TypeVar("T")
Swap = Callable[[Sequence[str], Sequence[Sink]], Awaitable[None]]
"""Takes sinks of these names out of use, and has others in use."""


def steps_of(parts: Parts, pipeline: Pipeline, expected: Reloaded[Expected]) -> list[Step]:
    """Those of a pipeline; the last one is that of its sinks."""
    return [
        Step(("watch.expected",), partial(_own, expected)),
        Step(
            ("read.max_rate", "read.max_parallel", "read.max_bandwidth", "watch.dedupe_size", "watch.dedupe_ttl"),
            partial(_bounds, parts),
        ),
        Step(("read.contact", "read.ca_file"), partial(_network, parts)),
        Step(
            (
                "output.health_interval",
                "output.files",
                "output.alarms",
                "read.poll_static",
                "read.poll_rfc6962",
                'logs."',
                "read.max_rate",
                "read.max_parallel",
                "read.max_bandwidth",
            ),
            partial(_guarding, parts, pipeline),
        ),
        Step(("state.max_matches", "state.keep_", "logs.refresh"), partial(_kept, parts)),
        Step(
            ("watch.roots", "watch.every_sighting", "output.kinds", "read.from", "read.until"),
            partial(_limits, parts),
        ),
        Step(
            (
                'logs."',
                "read.poll_static",
                "read.poll_rfc6962",
                "read.patience",
                "read.until",
                "read.max_backlog",
                "read.memory",
                "watch.precerts",
            ),
            partial(_reading, pipeline),
        ),
        Step(
            (
                "logs.lists",
                "logs.log_list",
                "logs.log",
                "logs.log_key",
                "logs.add_log",
                "logs.allow",
                "logs.deny",
                "logs.include",
                "logs.expired",
                "logs.accept_drop",
                "logs.hybrids",
                "read.from",
            ),
            partial(_lists, parts, pipeline),
        ),
        *([Step(("modules.",), partial(_modules, parts.added))] if parts.added is not None else ()),
        Step(("sinks.", "output.require_redis"), partial(_sinks, parts)),
    ]


async def swap(parts: Parts, gone: Sequence[str], come: Sequence[Sink]) -> None:
    """Exchanges sinks of a run's own. What waits for one that has gone stays in the state; closing is the caller's."""
    parts.sinks[:] = [*(sink for sink in parts.sinks if sink.name not in gone), *come]
    parts.teller.tells([sink.name for sink in parts.sinks])
    if parts.configured.outbox is not None:
        await parts.configured.outbox.replace(gone, {sink.name: (sink, None) for sink in come})


def rules_step(rules: Reloaded[Watchlist], scoping: Scoping | None = None, *, empty: bool = False) -> Step:
    """That of the rules, and of their files; `scoping`: of platforms, whose rules are among them. `empty`: they may be
    none."""

    async def prepare(before: Settings, after: Settings) -> Commit:
        del before
        watch = after.watch
        return await _remade(rules, watch.files, loader_of(watch.rules, watch.files, scoping, empty=empty))

    return Step(("watch.rules", "watch.files"), prepare)


async def _remade(old: Reloaded[T], paths: tuple[Path, ...], load: Callable[[], T]) -> Commit:
    value = await asyncio.to_thread(load)
    return lambda: old.become(value, paths, load)


async def _own(expected: Reloaded[Expected], before: Settings, after: Settings) -> Commit:
    del before
    paths = after.watch.expected
    return await _remade(expected, paths, partial(own_of, paths))


async def _bounds(parts: Parts, before: Settings, after: Settings) -> Commit:
    del before
    read, watch = after.read, after.watch

    def commit() -> None:
        parts.paces.restrict(read.max_rate, read.max_parallel)
        if isinstance(parts.transport, Http):
            parts.transport.restrict(read.max_bandwidth)
        parts.teller.seen.resize(watch.dedupe_size, watch.dedupe_ttl)

    return commit


async def _network(parts: Parts, before: Settings, after: Settings) -> Commit:
    read, agent = after.read, user_agent(build_info["version"], after.read.contact)
    changed = read.ca_file != before.read.ca_file
    trust = await asyncio.to_thread(trust_of, str(read.ca_file)) if changed and read.ca_file else None

    def commit() -> None:
        if isinstance(parts.transport, Http):
            parts.transport.identify(agent)
            if changed:
                parts.transport.believe(trust)

    return commit


async def _guarding(parts: Parts, pipeline: Pipeline, before: Settings, after: Settings) -> Commit:
    del before
    return lambda: pipeline.guard(guarding_of(after, parts.state.directory))


async def _kept(parts: Parts, before: Settings, after: Settings) -> Commit:
    del before

    def commit() -> None:
        parts.keeping, parts.refresh = kept_of(after), after.logs.refresh

    return commit


def keeping_of(keeping: Keeping) -> Prepare:
    """How many events are kept."""

    async def prepare(before: Settings, after: Settings) -> Commit:
        del before

        def commit() -> None:
            keeping.most = after.state.max_events

        return commit

    return prepare


async def _limits(parts: Parts, before: Settings, after: Settings) -> Commit:
    del before
    roots = await asyncio.to_thread(Roots.load, after.watch.roots) if after.watch.roots else None

    def commit() -> None:
        parts.teller.adopt(limits_of(after, roots))
        parts.configured.adopt(after.output.kinds)

    return commit


async def _reading(pipeline: Pipeline, before: Settings, after: Settings) -> Commit:
    del before
    return lambda: pipeline.reread(reading_of(after), precerts=after.watch.precerts, memory=after.read.memory)


async def _lists(parts: Parts, pipeline: Pipeline, before: Settings, after: Settings) -> Commit:
    del before
    if parts.beside.alone:
        raise ConfigError("logs: none is followed in this run, as certstream servers are read instead of them")
    choice = choice_of(after)
    sources = sources_of(after, choice, parts.transport, parts.clock, parts.state.directory)
    loaded = await sources.load()
    if not any(one.followed for one in choose(loaded.logs, choice, utc(parts.clock.now()))):
        raise ConfigError(f"logs: they leave none of {len(loaded.logs)} known logs to follow")
    return lambda: pipeline.relist(sources, choice, after.read.from_, loaded)


async def _modules(added: Added, before: Settings, after: Settings) -> Commit:
    """All new ones work before one of the old ones is let go."""
    del before
    return await added.prepared(after.modules)


async def _sinks(parts: Parts, before: Settings, after: Settings) -> Commit:
    """All are open before one of the old ones is let go. It comes last: what was opened is in use then."""
    del before
    use = await parts.configured.prepared(after.sinks, require_redis=requires_redis(after))

    async def commit() -> None:
        await use()

    return commit
