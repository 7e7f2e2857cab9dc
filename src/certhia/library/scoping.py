"""Bug bounty platforms in a run: their scopes are fetched in time, kept, and watched among the other rules.

kept scopes ──▶ rules of the start;  fetched every few hours ──▶ kept ──▶ rules made anew ──▶ older entries
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from certhia.alarms.board import Found
from certhia.backfilling import REQUEST as BACKFILL
from certhia.clock import Clock, iso
from certhia.config import Settings
from certhia.config.platforms import Platforms
from certhia.errors import CerthiaError, ConfigError
from certhia.library.reloading import Commit, Step
from certhia.model import Alarm, Tell
from certhia.net import Transport
from certhia.rules.language import Rule
from certhia.store.state import State

if TYPE_CHECKING:
    from certhia.rules.platforms.scoped import Scoped
    from certhia.rules.platforms.syncing import Change, Synced

REQUEST: Final = "platforms"  # the request that platforms be asked now
TRIED: Final = "platform tried:"  # the setting of the state that says what the last try came to, with a name behind
FAILED: Final = "failed: "  # begins an answer that says why not
PATIENCE: Final = 600.0  # seconds that a start waits for scopes that were never fetched

Remake = Callable[[], Awaitable[object]]


class Scoping:
    """All platforms of the settings.

    Attributes:
        remake: makes the run's rules anew, of `rules` as they are now.
    """

    def __init__(self, platforms: Platforms, clock: Clock, tell: Tell) -> None:
        self.remake: Remake = _nothing
        self._clock = clock
        self._tell = tell
        self._each: dict[str, Scoped] = {}
        self._platforms = platforms
        self._rules: tuple[Rule, ...] = ()
        self._changed = asyncio.Event()
        self._joining = asyncio.Lock()
        self._taking = asyncio.Lock()  # held by whoever takes over what was fetched
        self._state: State | None = None
        self._transport: Transport | None = None
        self._adopt(platforms)

    @property
    def active(self) -> bool:
        """Whether any platform is to be watched."""
        return bool(self._each)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those of all scopes."""
        return self._rules

    def _adopt(self, platforms: Platforms) -> None:
        before, same = self._each, self._alike(platforms)
        self._each, self._platforms = {}, platforms
        enabled = {name: settings for name, settings in platforms.each.items() if settings.enabled}
        if not enabled:
            return
        from certhia.rules.platforms.scoped import Scoped  # noqa: PLC0415  (only who has platforms pays for them)

        for name, settings in enabled.items():
            if same and name in before and before[name].settings == settings:
                self._each[name] = before[name]  # with when it may be asked again, and what is wrong with it
                continue
            one = Scoped(name, settings, platforms.max_programs, platforms.sync_interval, self._clock)
            if name in before:
                one.kept = before[name].kept
            self._each[name] = one

    def _alike(self, platforms: Platforms) -> bool:
        """Whether what holds for all of them is as it was."""
        was = self._platforms
        return (was.max_programs, was.sync_interval) == (platforms.max_programs, platforms.sync_interval)

    def step(self, *, empty: bool = False) -> Step:
        """What takes over other platforms. `empty`: nothing need be watched."""

        async def prepare(before: Settings, after: Settings) -> Commit:
            del before
            watched = (
                after.watch.rules or after.watch.files or any(one.enabled for one in after.platforms.each.values())
            )
            if not watched and not empty:
                raise ConfigError("platforms: without them there is nothing to watch: give a rule, or a file of rules")

            async def commit() -> None:
                self._adopt(after.platforms)
                for one in self._each.values():
                    if not one.kept.at and self._state is not None:
                        await one.recall(self._state)
                await self._join()
                self._changed.set()

            return commit

        return Step(("platforms.",), prepare)

    # --- a run ---

    def works(self) -> dict[str, Callable[[int], Awaitable[None]]]:
        """What runs beside a pipeline."""
        return {"fetching scopes": self.run}

    def answers(self) -> dict[str, Callable[[str], Awaitable[str]]]:
        """Who takes up requests of other processes."""
        return {REQUEST: self.take}

    async def begin(self, state: State, transport: Transport, *, fetch: bool = True) -> None:
        """Watches what was kept; what never was is fetched before anything is read, as far as that can be had. Not
        `fetch`: nobody is asked."""
        self._state, self._transport = state, transport
        for one in self._each.values():
            await one.recall(state)
            if one.kept.at:
                self._tell(f"{_counted(one)}, of {iso(one.kept.at)}")
        new = [one for one in self._each.values() if fetch and not one.kept.at]
        if new:
            self._tell(f"fetching the scopes of {', '.join(one.name for one in new)} first")
        try:
            async with self._clock.deadline(PATIENCE), asyncio.TaskGroup() as group:
                for one in new:
                    group.create_task(self._sync(one))
        except TimeoutError:
            self._tell("it takes long: reading begins without the rest of them", level="warning")
        await self._join()

    async def run(self, _faults: int = 0) -> None:
        """Asks each of them in time, until cancelled."""
        while True:
            self._changed.clear()
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._keep(one)) for one in self._each.values()]
                await self._changed.wait()
                async with self._taking:  # what is new now would not be new another time
                    for task in tasks:
                        task.cancel()

    async def _keep(self, one: Scoped) -> None:
        while True:
            pause = max(0.0, one.due - self._clock.monotonic())
            await self._clock.sleep(pause)
            if one.due <= self._clock.monotonic():
                await self._sync(one)

    async def take(self, payload: str) -> str:
        """Takes up a request to ask platforms now: a JSON object with `names`; none are all. Gives the names."""
        try:
            wanted = [str(name) for name in json.loads(payload).get("names", ())]
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            return f"{FAILED}the request makes no sense: {type(error).__name__}"
        chosen = [one for one in self._each.values() if not wanted or one.name in wanted]
        for one in chosen:
            one.due = self._clock.monotonic()
        self._changed.set()
        return json.dumps({"names": [one.name for one in chosen]})

    async def look(self) -> Sequence[Found]:
        """Alarms: platforms that can't be asked."""
        return [
            Found(Alarm(f"platform:{one.name}", self._troubled(one)), told=True)
            for one in self._each.values()
            if one.trouble
        ]

    def _troubled(self, one: Scoped) -> str:
        if not one.kept.at:
            return f"{one.name}: its scopes were never fetched, so nothing of it is watched: {one.trouble}"
        return f"{one.name}: its scopes are of {iso(one.kept.at)}, and watched as they were then: {one.trouble}"

    # --- one of them ---

    async def _sync(self, one: Scoped) -> None:
        assert self._state is not None
        assert self._transport is not None
        try:
            synced = await one.sync(self._transport)
        except CerthiaError:
            self._tell(self._troubled(one), level="warning" if one.failures == 1 else "debug")
            await self._note(one)
            return
        async with self._taking:
            one.take(synced)
            self._told(one, synced)
            await self._join()
            if synced.changes:
                await self._backfill(one, synced.changes)
            await one.keep(self._state)  # last: what was cut short before this is new at the next start, too
            await self._note(one)

    async def _note(self, one: Scoped) -> None:
        """For commands that look on."""
        assert self._state is not None
        await self._state.remember(TRIED + one.name, json.dumps({"at": self._clock.now(), "error": one.trouble}))

    def _told(self, one: Scoped, synced: Synced) -> None:
        changed = summary(synced.changes)
        self._tell(f"{_counted(one)}: {changed or 'nothing changed'}", level="info" if changed else "debug")
        if synced.left_out:
            self._tell(
                f"{one.name}: {synced.left_out} more programmes are left out: raise max_programs", level="warning"
            )
        if synced.wait is not None:
            self._tell(f"{one.name}: {synced.failed[-1]}", level="warning")
        for text in (*synced.failed, *synced.notes):
            self._tell(f"{one.name}: {text}", level="debug")

    async def _join(self) -> None:
        """The rules of all of them; has the run's made anew where they differ."""
        async with self._joining:
            each = list(self._each.values())
            rules = await asyncio.to_thread(lambda: tuple(rule for one in each for rule in one.rules()))
            if rules != self._rules:
                self._rules = rules
                await self.remake()

    async def _backfill(self, one: Scoped, changes: Sequence[Change]) -> None:
        """Has logs read again for programmes that are new, if that is wanted."""
        assert self._state is not None
        if said := await read_again(self._state, one, changes, self._clock):
            self._tell(f"{one.name}: logs are read again from {said}")


async def read_again(state: State, one: Scoped, changes: Sequence[Change], clock: Clock) -> str:
    """Leaves a wish to have logs read again for programmes that are new, if their platform's settings want that. Gives
    from when and for whom, empty where there is none. Raises StateError."""
    owners = one.owners({change.handle for change in changes if change.new})
    if one.settings.backfill is None or not owners:
        return ""
    begin = iso(clock.now() - one.settings.backfill)
    wish = {"log": "all", "from": begin, "reverse": True, "programmes": owners}
    await state.request(BACKFILL, json.dumps(wish))
    named = ", ".join(programme for programme, _ in owners[:3]) + (" and others" if len(owners) > 3 else "")
    return f"{begin} for {named}"


def summary(changes: Sequence[Change]) -> str:
    """What changes, in numbers; empty where nothing does."""
    counts = (
        (sum(one.new for one in changes), "programme", "new"),
        (sum(one.ends for one in changes), "programme", "gone"),
        (sum(len(one.added) for one in changes), "rule", "added"),
        (sum(len(one.gone) for one in changes), "rule", "gone"),
    )
    return ", ".join(f"{_some(count, what)} {how}" for count, what, how in counts if count)


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _counted(one: Scoped) -> str:
    rules = sum(len(scope.rules) for scope in one.kept.scopes.values())
    return f"{one.name}: {_some(len(one.kept.scopes), 'programme')} with {_some(rules, 'rule')}"


async def _nothing() -> None:
    """Nobody has rules to make."""
