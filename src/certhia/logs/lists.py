"""The log lists asked for: from the network, else the last good copy, else the shipped one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from certhia import data
from certhia.clock import Clock, utc
from certhia.errors import ConfigError, RemoteError, Unverified
from certhia.logs import kept
from certhia.logs import origin as origins
from certhia.logs.asked import Asked, Counted, Reason
from certhia.logs.hybrids import HYBRIDS, Hybrids
from certhia.logs.loglist import LogList, merge
from certhia.logs.origin import Origin
from certhia.logs.select import Choice, choose, difference
from certhia.model import Log
from certhia.net import Transport

PUBLISHED: Final = ("google", "apple")

MAX_DROP: Final = 0.3  # of the logs that are followed; a list that drops more is refused


@dataclass(frozen=True, slots=True)
class Loaded:
    """All known logs, merged.

    `as_of` is when we last had all the lists asked for from their sources: now where `complete`, else earlier. A log
    that a later load brings up was not yet listed at that time, so following it from there misses nothing.
    """

    logs: tuple[Log, ...]
    notices: tuple[str, ...]
    complete: bool
    as_of: datetime
    lists: tuple[LogList, ...] = ()
    warnings: frozenset[str] = frozenset()  # those of `notices` that tell of something wrong
    refused: tuple[str, ...] = ()  # those of `notices` that say which list was not taken, and why


@dataclass(frozen=True, slots=True)
class _Outcome:
    list: LogList | None
    fresh: bool
    notices: tuple[str, ...] = ()
    error: RemoteError | None = None
    refused: str = ""  # of `notices`


class Lists:
    """The log lists asked for.

    Args:
        cache_dir: where last good copies are kept; None keeps none.
        lists: of PUBLISHED. Google's is signed; Apple's is not, so it only adds logs that Google's does not have.
        files: lists of one's own, paths or URLs, in the same format. Naming one is what allows it to be unsigned.
        key: PEM of the key that signs `files`: each must have a signature beside (`.sig` instead of `.json`).
        accept_drop: take a list although it drops more than MAX_DROP of the logs.
        google_key: PEM of another key than the pinned one.
        choice: what the user wants followed: of these a list may drop only MAX_DROP.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        cache_dir: Path | None,
        *,
        lists: Sequence[str] = ("google",),
        files: Sequence[str] = (),
        key: bytes | None = None,
        hybrids: Hybrids = HYBRIDS,
        accept_drop: bool = False,
        google_key: bytes | None = None,
        choice: Choice = Choice(),  # noqa: B008  (frozen)
    ) -> None:
        unknown = [name for name in lists if name not in PUBLISHED]
        if unknown:
            raise ConfigError(f"lists: unknown {', '.join(unknown)}; there are {', '.join(PUBLISHED)}")
        if not lists and not files:
            raise ConfigError("lists: no log list is asked for: give --lists or --log-list")
        self.asked = Asked()  # requests for lists
        self._transport = Counted(transport, self.asked, Reason.LIST)
        self._clock = clock
        self._cache_dir = cache_dir
        self._hybrids = hybrids
        self._accept_drop = accept_drop
        self._choice = replace(choice, expired=False)  # what has ended may go
        # Google's first: in `merge` the earlier list's word counts.
        published = [origins.google(google_key)] * ("google" in lists) + [origins.apple()] * ("apple" in lists)
        self._origins = published + [origins.own(place, key) for place in dict.fromkeys(files)]
        self._last: dict[str, LogList] = {}
        self._complete: datetime | None = None

    async def load(self) -> Loaded:
        """All lists as they are now; where one can't be had or is refused, the last good one, with a notice.

        Raises ConfigError for a file that can't be used at the first load, RemoteError where there is no list at all.
        """
        begun, first = utc(self._clock.now()), not self._last
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._current(origin)) for origin in self._origins]
        outcomes = [task.result() for task in running]
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        for origin, outcome in zip(self._origins, outcomes, strict=True):
            if outcome.list is not None:
                self._last[origin.place] = outcome.list
            elif outcome.error is not None and origin.local:
                raise ConfigError(str(outcome.error)) from outcome.error
        lists = tuple(outcome.list for outcome in outcomes if outcome.list is not None)
        if not lists:
            raise errors[0]
        complete = all(outcome.fresh for outcome in outcomes)
        if complete:
            self._complete = begun
        dated = [one.timestamp for one in lists if one.timestamp is not None]
        notices = [notice for outcome in outcomes for notice in outcome.notices] + [str(error) for error in errors]
        refused = tuple(outcome.refused for outcome in outcomes if outcome.refused)
        return Loaded(
            logs=merge(lists),
            notices=tuple(notices + (self._unsigned(lists) if first else [])),
            complete=complete,
            as_of=self._complete or min(dated, default=begun),
            lists=lists,
            warnings=frozenset(refused),
            refused=refused,
        )

    async def _current(self, origin: Origin) -> _Outcome:
        """One list: the fresh one, else what is held, else none with the reason."""
        held, notices = await self._held(origin)
        try:
            body, signature = await origins.fetch(origin, self._transport, self._clock)
            fresh = origins.read(origin, body, signature, self._hybrids)
            if origin.source == "file" and not fresh.logs:
                raise Unverified(f"log list {origin.name}: names no log: see to what {origin.place} is made by")
        except RemoteError as error:
            if held is None:
                return _Outcome(None, fresh=False, notices=tuple(notices), error=error)
            notices.append(f"{error}; {self._age(held)} is used instead")
            refused = notices[-1] if isinstance(error, Unverified) else ""
            return _Outcome(held, fresh=False, notices=tuple(notices), refused=refused)
        notices += fresh.notices
        if held is not None:
            reason = self._refused(origin, held, fresh)
            if reason is not None:
                refused = f"{reason}; {self._age(held)} is used instead"
                return _Outcome(held, fresh=False, notices=(*notices, refused), refused=refused)
            notices += _rekeyed(origin, held, fresh)
        if self._cache_dir is not None:
            try:
                await asyncio.to_thread(kept.write, kept.place(self._cache_dir, origin.kept_as), body, signature)
            except OSError as error:
                notices.append(f"log list {origin.name}: no copy could be kept for the next start: {error}")
        return _Outcome(fresh, fresh=True, notices=tuple(notices))

    async def _held(self, origin: Origin) -> tuple[LogList | None, list[str]]:
        """What is there without asking the network: this process' last one, else the newer of kept and shipped."""
        if origin.place in self._last:
            return self._last[origin.place], []
        found: list[LogList] = []
        notices: list[str] = []
        if self._cache_dir is not None:
            path = kept.place(self._cache_dir, origin.kept_as)
            try:
                copy = await asyncio.to_thread(kept.read, path)
                if copy is not None:
                    found.append(origins.read(origin, *copy, self._hybrids))
            except (OSError, RemoteError) as error:
                notices.append(f"log list {origin.name}: the copy kept in {path} can't be used: {error}")
        if origin == origins.google():
            try:
                found.append(origins.read(origin, *data.google_list(), self._hybrids))
            except (OSError, RemoteError) as error:
                notices.append(f"log list {origin.name}: the one shipped with Certhia can't be used: {error}")
        return max(found, key=lambda one: one.timestamp or utc(0), default=None), notices

    def _refused(self, origin: Origin, held: LogList, fresh: LogList) -> str | None:
        """Why a list that is well-formed and signed is not taken all the same; None when it is.

        Files of this machine may go back in time: whoever puts an older one in place means it.
        """
        older = held.timestamp is not None and fresh.timestamp is not None and fresh.timestamp < held.timestamp
        if older and fresh.timestamp is not None and (origin.source != "file" or self._is_running(origin)):
            return f"log list {origin.name}: what {origin.place} serves is older ({fresh.timestamp:%Y-%m-%d %H:%M} UTC)"
        now = utc(self._clock.now())
        # Of one's own list, whatever it has may be followed.
        choice = replace(self._choice, include=frozenset({"all"})) if origin.source == "file" else self._choice
        before = {one.log.id for one in choose(held.logs, choice, now) if one.followed}
        gone = before - {one.log.id for one in choose(fresh.logs, choice, now) if one.followed}
        if self._accept_drop or len(gone) <= MAX_DROP * len(before):
            return None
        return (
            f"log list {origin.name}: version {fresh.version or '?'} drops {len(gone)} of {len(before)} logs that are "
            "followed and is refused; --accept-drop takes it if that is right"
        )

    def _is_running(self, origin: Origin) -> bool:
        """Whether it comes by the network and was loaded by this process before."""
        return not origin.local and origin.place in self._last

    def _age(self, one: LogList) -> str:
        if one.timestamp is None:
            return "the last good one"
        days = (utc(self._clock.now()) - one.timestamp).days
        return f"the one of {one.timestamp:%Y-%m-%d} ({days} day{'' if days == 1 else 's'} old)"

    def _unsigned(self, lists: Sequence[LogList]) -> list[str]:
        """What to tell once about lists without a signature."""
        notices = [
            f"log list {origin.place}: not signed; used because you named it"
            for origin in self._origins
            if origin.source == "file" and origin.signature is None and origin.place in self._last
        ]
        if any(one.source == "apple" for one in lists):
            others = {log.id for one in lists if one.source == "google" for log in one.logs}
            new = sum(log.id not in others for one in lists if one.source == "apple" for log in one.logs)
            notices.append(
                f"log list apple: not signed, so only as good as its TLS; it adds {new} logs and changes nothing about "
                "those that Google's list has"
            )
        return notices


def _rekeyed(origin: Origin, held: LogList, fresh: LogList) -> list[str]:
    return [
        f"log list {origin.name}: {new.submission_url} has a new key: it is treated as another log "
        f"({old.id.hex()[:16]}… before, {new.id.hex()[:16]}… now)"
        for old, new in difference(held.logs, fresh.logs).rekeyed
    ]
