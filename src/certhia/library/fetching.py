"""Bug bounty platforms asked by a command: now, beside a follower or without one."""

from __future__ import annotations

import json
from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final, NamedTuple

from certhia.clock import Clock
from certhia.config import Settings
from certhia.errors import CerthiaError, ConfigError, RemoteError, StateError
from certhia.library.scoping import FAILED, REQUEST, TRIED, read_again
from certhia.library.setup import connect
from certhia.net import Transport
from certhia.render import quoted
from certhia.rules.platforms import kept as keeping
from certhia.rules.platforms.kept import Kept
from certhia.rules.platforms.records import Fetched
from certhia.rules.platforms.registry import UNOFFICIAL, fetcher
from certhia.rules.platforms.scoped import Scoped
from certhia.rules.platforms.syncing import Synced, changes
from certhia.store.lock import Held
from certhia.store.place import FILE, Place, state_place
from certhia.store.state import State

ANSWER_WITHIN: Final = 30.0  # seconds that a follower has to take a request up
LOOK_EVERY: Final = 0.5
PATIENCE: Final = 7_200.0  # seconds that it has for what was asked


class Report(NamedTuple):
    """What came of asking one platform; `error` says why nothing did."""

    name: str
    kind: str
    synced: Synced | None
    error: str = ""

    @property
    def official(self) -> bool:
        """Whether it has an API for this."""
        return self.kind not in UNOFFICIAL


def chosen(settings: Settings, names: Sequence[str], clock: Clock) -> list[Scoped]:
    """The platforms that are meant: those that are named, else all that are enabled. Raises ConfigError."""
    platforms = settings.platforms
    unknown = [name for name in names if name not in platforms.each]
    if unknown:
        known = ", ".join(platforms.each) or "none"
        raise ConfigError(f"{quoted(unknown[0])}: there is no such platform; configured are: {known}")
    if not platforms.each:
        raise ConfigError("no platform is configured: write [platforms.hackerone], for one, into the settings")
    return [
        Scoped(name, one, platforms.max_programs, platforms.sync_interval, clock)
        for name, one in platforms.each.items()
        if name in names or (not names and one.enabled)
    ]


async def fetch(each: Sequence[Scoped], transport: Transport, shows: Callable[[str], None]) -> list[Report]:
    """Asks each of them, one after the other."""
    reports = []
    for one in each:
        try:
            synced = await one.sync(transport, shows)
        except CerthiaError as error:
            reports.append(Report(one.name, one.kind, None, str(error)))
        else:
            one.take(synced)
            reports.append(Report(one.name, one.kind, synced))
    return reports


async def look(settings: Settings, names: Sequence[str], clock: Clock, shows: Callable[[str], None]) -> list[Report]:
    """What a sync would change; nothing is kept. Raises ConfigError, StateError."""
    each = chosen(settings, names, clock)
    async with AsyncExitStack() as stack:
        if (state := await _to_read(state_place(settings.state.name), clock, stack)) is not None:
            for one in each:
                await one.recall(state)
        transport = await stack.enter_async_context(connect(settings, clock))
        return await fetch(each, transport, shows)


async def sync(settings: Settings, names: Sequence[str], clock: Clock, shows: Callable[[str], None]) -> list[Report]:
    """Asks now, and keeps what came of it; a running follower is left to do that, and watches it at once. Raises
    ConfigError, StateError."""
    each, place = chosen(settings, names, clock), state_place(settings.state.name)
    async with AsyncExitStack() as stack:
        try:
            state = await stack.enter_async_context(await State.open(place, clock=clock, follow=True))
        except Held:
            return await _beside(each, place, clock, shows)
        for one in each:
            await one.recall(state)
        transport = await stack.enter_async_context(connect(settings, clock))
        reports = await fetch(each, transport, shows)
        reports = [await keep(state, one, report, clock) for one, report in zip(each, reports, strict=True)]
        await state.writer.durable()
        return reports


async def keep(state: State, one: Scoped, report: Report, clock: Clock) -> Report:
    """What a follower does with what came of asking, as far as can be done without one: the next does the rest.
    Gives the report, with that in it. Raises StateError."""
    if report.synced is None:
        return report
    said = await read_again(state, one, report.synced.changes, clock)
    await one.keep(state)  # last: what was cut short before this is new another time, too
    if not said:
        return report
    note = f"certhia watch will read logs again from {said}"
    return report._replace(synced=replace(report.synced, notes=[*report.synced.notes, note]))


async def kept(settings: Settings, names: Sequence[str], clock: Clock) -> list[Scoped]:
    """What is watched of them now, as the state has it. Raises ConfigError, StateError."""
    each = chosen(settings, names, clock)
    async with AsyncExitStack() as stack:
        if (state := await _to_read(state_place(settings.state.name), clock, stack)) is not None:
            for one in each:
                await one.recall(state)
    return each


async def _to_read(place: Place, clock: Clock, stack: AsyncExitStack) -> State | None:
    """The state; None where there is none yet."""
    if place.database is None and not await to_thread((place.directory / FILE).exists):
        return None
    return await stack.enter_async_context(await State.open(place, clock=clock, follow=False))


async def _beside(each: Sequence[Scoped], place: Place, clock: Clock, shows: Callable[[str], None]) -> list[Report]:
    """Has the follower do it, and looks on."""
    async with await State.open(place, clock=clock, follow=False) as state:
        for one in each:
            await one.recall(state)
        before = {one.name: one.kept for one in each}
        since = clock.now()
        taken = await _ask(state, [one.name for one in each], clock)
        shows(f"left to the running follower, process {await state.follower() or '?'}")
        return [await _awaited(state, one, before, since, clock, asked=one.name in taken) for one in each]


async def _ask(state: State, names: Sequence[str], clock: Clock) -> Sequence[str]:
    number = await state.request(REQUEST, json.dumps({"names": names}))
    try:
        async with clock.deadline(ANSWER_WITHIN):
            while (answer := await state.answer(number)) is None:
                await clock.sleep(LOOK_EVERY)
    except TimeoutError:
        raise StateError(f"{state.place}: the follower did not take it up in {ANSWER_WITHIN:.0f} s") from None
    try:
        found: list[str] = json.loads(answer)["names"]
    except (ValueError, LookupError, TypeError):
        raise StateError(f"{state.place}: the follower could not take it up: {answer.removeprefix(FAILED)}") from None
    return found


async def _awaited(
    state: State, one: Scoped, before: Mapping[str, Kept], since: float, clock: Clock, *, asked: bool
) -> Report:
    if not asked:
        return Report(one.name, one.kind, None, "the running follower does not watch it: its settings are others")
    end = clock.monotonic() + PATIENCE
    while clock.monotonic() < end and await state.follower() is not None:
        tried = json.loads(await state.recall(TRIED + one.name) or "{}")
        if tried.get("at", 0.0) >= since:
            if tried["error"]:
                return Report(one.name, one.kind, None, str(tried["error"]))
            now = keeping.read(await state.recall(keeping.NAME + one.name)) or Kept()
            return Report(one.name, one.kind, Synced(now, changes(before[one.name], now)))
        await clock.sleep(LOOK_EVERY)
    return Report(one.name, one.kind, None, "the follower has not done it yet")


async def try_one(one: Scoped, transport: Transport) -> Report:
    """What a platform shows: all its programmes counted, and the scope of the first."""
    try:
        fetched = await _first(one, transport)
    except CerthiaError as error:
        return Report(one.name, one.kind, None, str(error))
    synced = Synced(Kept(fetched.scopes), (), tuple(fetched.failed.values()), tuple(fetched.notes), fetched.left_out)
    return Report(one.name, one.kind, synced)


async def _first(one: Scoped, transport: Transport) -> Fetched:
    """Raises CerthiaError, whatever a platform of another package raises."""
    try:
        return await fetcher(one.kind)(one.settings, replace(one.ask(transport), most=1, known=()))
    except CerthiaError:
        raise
    except Exception as error:
        raise RemoteError(f"it could not be read, please report it: {type(error).__name__}: {error}") from error
