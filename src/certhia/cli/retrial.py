"""Quarantined entries decoded again: told, matched, and marked as resolved, beside a follower or without one."""

from __future__ import annotations

import json
import sys
from contextlib import AsyncExitStack

from certhia import decode, render
from certhia._core import Issuers, Matcher, Page
from certhia.cli.quarantine import selected
from certhia.clock import Clock
from certhia.config import Settings
from certhia.errors import BadAnswer, CerthiaError, StateError
from certhia.housekeeping import RESOLVE
from certhia.library.setup import connect
from certhia.logs.chains import Chains
from certhia.logs.client import LogClient, client
from certhia.logs.pace import Paces
from certhia.model import Delivery, Log, Quarantined
from certhia.net import Transport
from certhia.rules.watchlist import Watchlist
from certhia.sinks.formats import Format
from certhia.store.lock import Held
from certhia.store.place import state_place
from certhia.store.state import State

ANSWER_WITHIN = 30.0  # seconds that a running follower has to mark them
AT_ONCE = 1000  # entries of one request to it
NAMES = 5  # that are told of an entry


class Retrial:
    """One run of `certhia quarantine retry`."""

    def __init__(
        self, settings: Settings, globs: list[str], *, format: str, fetch: bool, clock: Clock | None = None
    ) -> None:
        """Raises ConfigError for rules or a format that make no sense."""
        self._settings = settings
        self._globs = globs
        self._format = Format(format)
        self._fetch = fetch
        self._clock = clock or Clock()
        watch = settings.watch
        self._rules = Watchlist.load(watch.rules, watch.files) if watch.rules or watch.files else None
        self._issuers = Issuers()
        self._clients: dict[bytes, LogClient] = {}
        self._paces = Paces(self._clock)
        self._transport: Transport | None = None
        self._resolved: dict[bytes, list[int]] = {}
        self._ends: dict[bytes, int] = {}
        self._tried = self._left = self._large = self._matched = 0

    async def run(self) -> None:
        """Raises StateError where the state can't be read, or what was found not be written."""
        place = state_place(self._settings.state.name)
        async with AsyncExitStack() as stack:
            state = await stack.enter_async_context(await State.open(place, clock=self._clock, follow=False))
            if self._fetch:
                self._transport = await stack.enter_async_context(connect(self._settings, self._clock))
            self._ends = {log_id: one.end for log_id, one in (await state.positions()).items()}
            if self._rules is not None:
                print(self._format.header, end="")
            async for log, one in selected(state, self._globs):
                await self._try(log, one)
            await self._mark(state)
        self._sum_up()

    async def _try(self, log: Log, one: Quarantined) -> None:
        self._tried += 1
        name = f"{log.description or log.url} #{one.index}"
        if not one.leaf_input and not self._fetch:
            self._large += 1
            return
        try:
            page = decode.again(one) if one.leaf_input else await self._fetched(log, one)
        except CerthiaError as error:
            self._left += 1
            self._say(f"{name}: could not be fetched: {error}")
            return
        scan = (self._rules.matcher if self._rules is not None else Matcher(())).scan(page)
        if scan.quarantined:
            self._left += 1
            return
        self._resolved.setdefault(log.id, []).append(one.index)
        names = page[0].certificate.names
        more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        self._say(f"{name}: can be read now: {', '.join(names[:NAMES]) or 'it has no names'}{more}")
        for _, raw in scan.hits:
            assert self._rules is not None
            self._matched += 1
            unproven = await self._unproven(log, page)
            match = decode.match(
                log,
                page[0],
                self._rules.hits(raw),
                verified=one.index < self._ends.get(log.id, 0),
                seen=self._clock.now(),
                unproven=unproven,
            )
            print(self._format.text(Delivery(0, match)), end="")

    async def _unproven(self, log: Log, page: Page) -> str:
        chains = Chains(self._issuers, self._ask_issuer, self._clock)
        await chains.gather(log, [page[0]])
        return chains.unproven(page[0])

    async def _ask_issuer(self, log: Log, fingerprint: bytes) -> bytes | None:
        return await self._client(log).issuer(fingerprint) if self._transport is not None else None

    async def _fetched(self, log: Log, one: Quarantined) -> Page:
        """The entry as the log serves it now: proven by its leaf hash, which was verified when it was first read.
        Raises RemoteError, Malformed."""
        reader = self._client(log)
        head = await reader.head()
        page = reader.decode([await reader.fetch(one.index, one.index + 1, head.size)])
        page = page.slice(one.index, one.index + 1)
        if not len(page) or page.leaf_hashes != one.leaf_hash:
            raise BadAnswer(f"{log.url}: serves another entry than the one that was read, {one.leaf_hash.hex()}")
        return page

    def _client(self, log: Log) -> LogClient:
        assert self._transport is not None
        if log.id not in self._clients:
            self._clients[log.id] = client(log, self._transport, self._paces, self._issuers, self._clock)
        return self._clients[log.id]

    # --- marking ---

    async def _mark(self, state: State) -> None:
        if not self._resolved:
            return
        try:
            own = await State.open(state.place, clock=self._clock, follow=True)
        except Held:
            await self._ask_follower(state)
            return
        async with own:
            for log_id, indices in self._resolved.items():
                own.writer.resolve(log_id, indices)
            await own.writer.durable()

    async def _ask_follower(self, state: State) -> None:
        """Leaves requests and waits for the answers. Raises StateError."""
        asked = []
        for log_id, indices in self._resolved.items():
            for at in range(0, len(indices), AT_ONCE):
                payload = json.dumps({"log": log_id.hex(), "indices": indices[at : at + AT_ONCE]})
                asked.append(await state.request(RESOLVE, payload))
        try:
            async with self._clock.deadline(ANSWER_WITHIN):
                for request in asked:
                    while (answer := await state.answer(request)) is None:
                        await self._clock.sleep(0.2)
                    if answer != "done":
                        raise StateError(f"{state.place}: the follower could not mark them as resolved: {answer}")
        except TimeoutError:
            raise StateError(
                f"{state.place}: the follower did not mark them as resolved in {ANSWER_WITHIN:.0f} s; it does when "
                "it next looks for requests"
            ) from None

    # --- telling ---

    def _say(self, text: str) -> None:
        """Where matches are asked for, standard output is theirs."""
        print(render.terminal(text), file=sys.stdout if self._rules is None else sys.stderr, flush=True)

    def _sum_up(self) -> None:
        read = sum(map(len, self._resolved.values()))
        told = [f"{self._tried:,} tried", f"{read:,} can be read now"]
        if self._rules is not None:
            told.append(f"{self._matched:,} of them match")
        told.append(f"{self._left:,} still can't")
        if self._large:
            told.append(f"{self._large:,} were too large to keep: --fetch gets them again")
        print(", ".join(told), file=sys.stderr)
