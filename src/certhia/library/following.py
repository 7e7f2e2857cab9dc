"""`certhia.follow`: the pages of one log, in order, proven."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date
from os import PathLike

from certhia._core import Issuers, Page
from certhia.clock import Clock
from certhia.config import Settings
from certhia.config.sources import from_values
from certhia.errors import Unverified
from certhia.library.running import Beside, logged
from certhia.library.setup import choice_of, network, paces_of, reading_of, sources_of
from certhia.logs.budget import Budget
from certhia.logs.client import client
from certhia.logs.evidence import Evidence
from certhia.logs.finding import find, is_address
from certhia.logs.follow import Follower
from certhia.logs.reading import Origin, Outlets
from certhia.model import Arrival, Log, Step, Tell
from certhia.net import Transport
from certhia.rules.nothing import NOTHING
from certhia.store import Freeze

AHEAD = 4  # pages that may wait for the program; then reading waits for it
PROVEN_EVERY = 8192  # entries that may wait for their proof in a backlog


async def follow(
    log: Log | str,
    *,
    start: str | int | date = "now",
    until: str | int | date | None = None,
    verify: bool = True,
    lists: Iterable[str] = ("google",),
    log_lists: Iterable[str | PathLike[str]] = (),
    contact: str | None = None,
    options: Mapping[str, object] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
    tell: Tell | None = None,
) -> AsyncGenerator[Page, None]:
    """Follows one log, and yields its entries in pages, in order, none left out and none twice.

        async for page in certhia.follow("https://ct.googleapis.com/logs/us1/argon2026h2/", start=-10_000):
            print(page.first, len(page), page.batch["timestamp"])

    A page comes once it is proven: its entries belong to a head that the log signed. What they are in between, a few
    thousand entries of a backlog at most, waits. The pace is yours: reading waits while four pages wait for you. To go
    on later, keep `page.end` and give it as `start`. Nothing is stored. Leaving the loop, or cancelling the task that
    is in it, ends all within a second (see `watch`).

    Args:
        log: a `Log`, or the URL, id or description of one of the lists; a URL of a log that no list has works where
            the log describes itself (log.v3.json).
        start: "now", "beginning", an index, -N for N entries before the head, or a date: then entries begin up to the
            log's maximum merge delay before it.
        until: where to end, in the same words; "now" is the head at the start. None: once the log takes no more
            entries and all are read.
        verify: with False pages come as they are read, also of a log that gives no proofs; if they turn out not to be
            what the log signed, `tell` gets that as an error.
        lists: published log lists, "google" and "apple".
        log_lists: your own instead of them, files or URLs.
        contact: a mail address or https URL for the log's operator, sent in the User-Agent.
        options: other settings of `logs` and `read` by key, such as {"read.max_bandwidth": "1MB/s"}.
        transport: what fetches URLs instead of the network; `certhia.testing` has one for tests.
        clock: what tells the time instead of the machine.
        tell: gets what there is to say of the log's health; the logger `certhia` unless given.

    Raises:
        ConfigError: no log is meant, or several; an option makes no sense.
        Unverified: the log gives no proofs, or contradicts itself: then all pages before are proven.
        RemoteError: no log list can be had. What the log does wrong later is told, and tried again.
    """
    settings = from_values(
        {
            "read.from": start,
            "read.until": until,
            "read.contact": contact,
            "logs.lists": tuple(lists),
            "logs.log_list": tuple(map(str, log_lists)),
            **(options or {}),
        }
    )
    clock, tell = clock or Clock(), tell or logged
    async with AsyncExitStack() as stack:
        if transport is None:
            transport = network(settings, clock)
            stack.push_async_callback(transport.close)
        wanted = log if isinstance(log, Log) else await _find(log, settings, transport, clock, tell)
        pages = _Pages(verify, tell)
        work = _follow(wanted, settings, pages, transport, clock)
        async with Beside(work, pages.finish) as task:
            try:
                while (page := await pages.take()) is not None:
                    yield page
            finally:
                task.cancel()
        if pages.failure is not None:
            raise pages.failure


async def _find(wanted: str, settings: Settings, transport: Transport, clock: Clock, tell: Tell) -> Log:
    only = {"log": (wanted,)} if is_address(wanted) else {}
    settings = settings.model_copy(update={"logs": settings.logs.model_copy(update=only)})
    loaded = await sources_of(settings, choice_of(settings), transport, clock, None).load()
    for text in loaded.notices:
        tell(text, level="warning" if text in loaded.warnings else "info")
    return find(loaded.logs, wanted)


async def _follow(log: Log, settings: Settings, pages: _Pages, transport: Transport, clock: Clock) -> None:
    read = settings.read
    paces = paces_of(settings, clock)
    executor = ThreadPoolExecutor(1, thread_name_prefix="core")
    follower = Follower(
        client(log, transport, paces, Issuers(), clock),
        Origin(read.from_),
        pages.outlets(),
        reading=replace(reading_of(settings).of(log), verify_entries=PROVEN_EVERY),
        budget=Budget(read.memory),
        clock=clock,
        executor=executor,
    )
    try:
        await follower.run()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


class _Pages:
    """Pages on their way from a follower to whoever asks for them, proven unless that is not wanted."""

    def __init__(self, verify: bool, tell: Tell) -> None:
        self.failure: Unverified | None = None
        self._verify = verify
        self._tell = tell
        self._unproven: deque[Page] = deque()
        self._ready: deque[Page] = deque()
        self._end = 0  # one past the last entry that was handed on unproven
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._over = False

    def outlets(self) -> Outlets:
        """Where a follower puts what it finds."""
        return Outlets(
            accept=self._accept,
            step=self._step,
            rewound=self._rewound,
            unproven=self._cant_prove,
            notice=lambda log, text, level: self._tell(text, level=level, log=log.description or log.url),
            rules=lambda: NOTHING,
            freeze=self._frozen,
        )

    def finish(self) -> None:
        """No more will come."""
        self._over = True
        self._changed.set()

    async def take(self) -> Page | None:
        """The next page; None at the end, or where `failure` says why there are no more."""
        while not self._ready:
            if self._over or self.failure is not None:
                return None
            self._changed.clear()
            await self._changed.wait()
        page = self._ready.popleft()
        self._taken.set()
        return page

    async def _accept(self, arrival: Arrival) -> None:
        page = arrival.page
        if self._verify:
            self._unproven.append(page)
        elif page.end > self._end:  # read again once the log can be verified, or because it could not be
            self._ready.append(page.slice(max(page.first, self._end), page.end))
            self._end = page.end
        self._changed.set()
        while len(self._ready) >= AHEAD:
            self._taken.clear()
            await self._taken.wait()

    def _step(self, step: Step) -> None:
        while self._unproven and self._unproven[0].end <= step.end:
            self._ready.append(self._unproven.popleft())
        self._changed.set()

    def _rewound(self, _log: Log) -> None:
        self._unproven.clear()

    async def _frozen(self, evidence: Evidence, position: int | None) -> Freeze:
        if self._verify:
            self.failure = Unverified(f"{evidence.log.url}: {evidence.reason}: nothing more of it can be verified")
            self._changed.set()
        return Freeze(evidence.log.id, position, evidence.at, evidence.reason)

    def _cant_prove(self, log: Log, start: int) -> None:
        if self._verify:
            reason = f"{log.url}: gives no proof of its tree at {start}; verify=False follows it without"
            self.failure = Unverified(reason)
            self._changed.set()
