"""What is done beside following: snapshots, retention, requests of other processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from certhia.clock import Clock
from certhia.errors import RemoteError, StateError
from certhia.logs import snapshot
from certhia.logs.follow import Follower
from certhia.logs.pace import Paces
from certhia.logs.status import Status
from certhia.memory import give_back
from certhia.model import Tell
from certhia.store import State
from certhia.store.codec import WIDEST
from certhia.store.reading import Request
from certhia.store.retention import Gone, Kept

SNAPSHOT_FIRST = 2.0  # seconds until the first save: most logs have answered by then
SNAPSHOT_EVERY = 30.0  # seconds between two saves of what is known about logs and hosts
LOOK_EVERY = 2.0  # seconds between two looks for requests
TIDY_EVERY = 3600.0  # seconds
REFRESH = "refresh"  # the request that the lists be loaded again now
RESOLVE = "resolve"  # the request that quarantined entries be marked as read
PRUNE = "prune"  # the request that what is old go now


class Housekeeping:
    """Loops that run until they are cancelled."""

    def __init__(
        self,
        state: State,
        paces: Paces,
        statuses: Callable[[], Sequence[Status]],
        tell: Tell,
        *,
        clock: Clock,
        run: Callable[[], snapshot.Run] | None = None,
        look: float = LOOK_EVERY,
        save: float = SNAPSHOT_EVERY,
    ) -> None:
        """`run`: what was done so far, kept for commands that look on. `look`, `save`: seconds between two looks for
        requests, and between two saves."""
        self._state = state
        self._paces = paces
        self._statuses = statuses
        self._tell = tell
        self._clock = clock
        self._run = run
        self._look, self._save = look, save

    async def snapshots(self) -> None:
        """Saves soon, then now and then, what a next start and commands that look on want to know; and gives back the
        memory that a large answer took."""
        pause = SNAPSHOT_FIRST
        while True:
            await self._clock.sleep(pause)
            if not self._state.writer.familiar.complete:
                await self._state.learn()
            await self.snapshot()
            await asyncio.to_thread(give_back)
            pause = self._save

    async def snapshot(self) -> None:
        """What was learned about hosts, for the next start, and how the logs are, for commands that look on."""
        await self._state.remember("paces", json.dumps(self._paces.remember()))
        statuses = self._statuses()
        for status in statuses:
            status.tick(self._clock.monotonic())
        run = self._run() if self._run is not None else None
        await self._state.remember(snapshot.NAME, snapshot.write(statuses, self._clock.now(), run))

    async def tidy(self, keeping: Callable[[], Kept]) -> None:
        """Lets go of what is older than anybody asked to keep; `keeping`: what they ask now."""
        while True:
            await self._clock.sleep(self._clock.jitter(TIDY_EVERY))
            gone = await self._state.writer.keep(keeping())
            if gone != Gone():
                self._tell(str(gone), level="debug")

    async def requests(
        self,
        refresh: Callable[[], Awaitable[None]],
        others: Mapping[str, Callable[[str], Awaitable[str]]] | None = None,
    ) -> None:
        """Takes up what other processes ask for. `others` answer requests of further kinds, given the payload.

        One that we stumble over is answered all the same: it would be in the way of all others, at each start again.
        """
        while True:
            await self._clock.sleep(self._look)
            for request in await self._state.requests():
                try:
                    answer = await self._taken(request, refresh, others or {})
                except StateError:
                    raise
                except Exception as error:
                    self._state.writer.answer(request.id, f"failed: {type(error).__name__}: {error}")
                    raise
                self._state.writer.answer(request.id, answer)

    async def _taken(
        self,
        request: Request,
        refresh: Callable[[], Awaitable[None]],
        others: Mapping[str, Callable[[str], Awaitable[str]]],
    ) -> str:
        if request.kind == REFRESH:
            try:
                await refresh()
            except RemoteError as error:
                return f"failed: {error}"
            return "done"
        if request.kind == RESOLVE:
            return self._resolve(request.payload)
        if request.kind == PRUNE:
            return await self._prune(request.payload)
        if request.kind in others:
            return await others[request.kind](request.payload)
        return f"unknown request {request.kind!r}: the follower is of another version"

    def _resolve(self, payload: str) -> str:
        """Marks quarantined entries as read: `payload` is a JSON object with `log` (its id, hex) and `indices`."""
        try:
            asked = json.loads(payload)
            log_id, indices = bytes.fromhex(asked["log"]), [int(index) for index in asked["indices"]]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            return f"failed: the request makes no sense: {type(error).__name__}"
        self._state.writer.resolve(log_id, [index for index in indices if 0 <= index <= WIDEST])
        return "done"

    async def _prune(self, payload: str) -> str:
        """Lets go of what is old: `payload` is the JSON of a `Kept`."""
        try:
            kept = Kept.read(payload)
        except (ValueError, RecursionError) as error:
            return f"failed: the request makes no sense: {type(error).__name__}"
        return str(await self._state.writer.keep(kept))

    async def backlog(self, followers: Callable[[], Collection[Follower]]) -> None:
        """At a resume: tells how far behind, and how long it will take."""
        for _ in range(50):  # until all logs have a head, 10 s at most
            await self._clock.sleep(0.2)
            if all(follower.status.start is not None for follower in followers()):
                break
        behind = [follower.status for follower in followers() if follower.resumed]
        if not behind:
            return
        backlog = sum(max(one.head.size - (one.start or 0), 0) for one in behind if one.head is not None)
        before, seconds = sum(status.entries for status in behind), 3.0
        await self._clock.sleep(seconds)
        rate = (sum(status.entries for status in behind) - before) / seconds
        lag = sum(status.lag for status in behind)
        took = f": about {lag / rate:,.0f} s more at {rate:,.0f} entries/s" if lag and rate else ""
        self._tell(f"Resumed {len(behind)} logs at their verified positions, {backlog:,} entries behind{took}")
