"""The hub: pages come in log by log, blocks go out to all who want them; nobody waits for a client.

    accept, proven ──▶ queue ──▶ [record] ──▶ make (core, in a thread) ──▶ every client's `send`, once a tick

Who joins, changes or leaves does so between two batches: no block is missed by it, none comes twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from certhia._core import Audience, Filter, Issuers, Page, Source
from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.logs.chains import Chains
from certhia.model import Arrival, Log, Protocol, Tell
from certhia.stream import losses, notices
from certhia.stream.blocks import Memory, Sheet, Spoken, make
from certhia.stream.client import Block, Client
from certhia.stream.forms import Asked, Wanted
from certhia.stream.groups import Group, Plan, Shape
from certhia.stream.members import Members
from certhia.stream.notices import Cursor
from certhia.stream.places import Missing
from certhia.stream.turns import Turns
from certhia.stream.unproven import Unproven
from certhia.stream.waiting import Lost, Waiting
from certhia.supervision import unbroken

if TYPE_CHECKING:
    from certhia.stream.history import Recorded

Result = TypeVar("Result")
Record = Callable[[Sequence[Sheet], Issuers], Coroutine[Any, Any, "Recorded"]]

TICK: Final = 0.05  # seconds between two writes to a client, while pages are small
QUEUE: Final = 16_000_000  # bytes of pages that may wait for the core; then their logs wait
BATCH: Final = 512  # entries that are made into blocks at once: more would not fit a processor's cache
REBUILD: Final = 0.2  # seconds between two tables of all filters
RECORDED_WITHIN: Final = 10.0  # seconds that a commit waits for the record of what it covers
AT_ONCE: Final = 64  # clients that are written to before others have their turn


def _understood(logs: Sequence[Log], work: Callable[[], Asked | None]) -> Asked | None:
    asked = work()
    if asked is not None:
        for log in logs:
            asked.wanted.takes(log)
    return asked


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    """Nobody listens."""


def _not_served(_client: Client, _text: str) -> None:
    """Nobody has a connection."""


class Hub:
    """Takes pages, groups clients by what they want, and hands each group its blocks.

    Attributes:
        members: who wants what.
        listeners: hear of every page in the order of arrival, before it is sent; must be quick.
        refuse: ends the connection of a client that is not served any more, with the reason.
        record: takes the sheets of a batch before they are sent, in the order of sending; says what is to be sent.
        sequence: that number, of what was sent last.
        entries: how many entries came.
    """

    def __init__(
        self, clock: Clock, tell: Tell = _silent, *, dedupe: int = 1_000_000, unproven: int = 64_000_000
    ) -> None:
        """`tell` hears of what breaks; `dedupe`: certificates that are remembered for those who want each once;
        `unproven`: bytes of pages that wait for their proof."""
        self.members = Members()
        self.listeners: list[Callable[[Sheet], None]] = []
        self.refuse: Callable[[Client, str], None] = _not_served
        self.record: Record | None = None
        self.sequence = 0
        self.entries = 0
        self._clock = clock
        self._tell = tell
        self._issuers = Issuers()
        self._chains: Chains | None = None
        self._executor: Executor | None = None  # the loop's own until there is a pipeline
        # What strangers write takes no turn of the pages, nor does the table of what they want.
        self._turns = Turns()
        self._compiling = ThreadPoolExecutor(1, thread_name_prefix="core_filters")
        self._memory = Memory(dedupe)
        self._waiting = Waiting(unproven, self._lose)
        self._unproven = Unproven()
        self._queue: deque[Sheet | Lost] = deque()
        self._queued = 0  # bytes
        self._pending = 0  # entries
        self._came = 0  # sheets and losses that were ever in the queue
        self._under_way = 0  # of them, those that are being recorded
        self._progress = asyncio.Event()  # something was recorded
        self._over = False
        self._last: dict[str, Cursor] = {}  # the last entry that was sent to all who want it, in each order
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._sources: dict[bytes, tuple[Log, Source]] = {}
        self._ends: dict[bytes, int] = {}  # one past the last proven entry

    def adopt(self, *, dedupe: int, unproven: int) -> None:
        """Remembers and keeps so much from now on; see `__init__`."""
        self._memory.resize(dedupe)
        self._waiting.most = unproven

    def attach(self, issuers: Issuers, chains: Chains, executor: Executor) -> None:
        """What the pipeline shares: the issuers at hand, how more are had, and where the core runs."""
        self._issuers, self._chains, self._executor = issuers, chains, executor

    async def messages(self, sheet: Sheet, shape: Shape, positions: bytes) -> Spoken:
        """Messages of some entries of a page, as they would be sent now; of chains what is at hand."""
        verified = max(sheet.verified, self._ends.get(sheet.log.id, 0))

        return await self.aside(replace(sheet, verified=verified).messages, shape, self._issuers, positions)

    # --- clients ---

    async def aside(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Runs what takes too long for the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)

    async def understood(
        self,
        prepare: Callable[[], Callable[[], Asked | None] | None],
        address: str,
        *,
        new: bool,
        over: asyncio.Future[None] | None = None,
    ) -> Asked | None:
        """What a client asks for, with what it takes of the logs at hand; read in turn, as `Turns.take` has it."""

        def prepared() -> Callable[[], Asked | None] | None:
            logs = [log for log, _source in self._sources.values()]
            work = prepare()
            return partial(_understood, logs, work) if work is not None else None

        return await self._turns.take(prepared, address, new=new, over=over)

    @property
    def unproven_bytes(self) -> int:
        """Of pages that wait to be proven."""
        return self._waiting.held

    def join(self, client: Client, wanted: Wanted) -> None:
        """From the next batch on a client gets this; also one that had something else so far."""
        self.members.want(client, wanted)
        self._wake.set()

    async def follow_on(self, client: Client, wanted: Wanted, reached: int) -> bool:
        """The same for one who was given all up to the number `reached`; False, and nothing is done, where more was
        sent meanwhile."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.members.want(client, wanted, lambda: self.sequence == reached, answer)
        self._wake.set()
        return await answer

    def leave(self, client: Client) -> None:
        """Nothing more for this client."""
        self.members.leave(client)

    def reached(self, client: Client) -> str:
        """What a client comes back with (`since=`): behind its last message; where nothing was for it so far, behind
        the last entry that was sent to others; else from where it began."""
        place, order = client.last, self.members.order(client)
        if place is None and order is not None and not (client.waiting or client.missed):
            place = self._last.get(order)
        return notices.cursor(place) or client.begun

    # --- what the pipeline tells ---

    async def accept(self, arrival: Arrival) -> None:
        """Takes a page, in log order. Waits only where the core has too much to do."""
        page, log = arrival.page, arrival.log
        self.entries += len(page)
        wants = self.members.wants
        if not (wants("arrival") or wants("proof") or self.listeners or self.record):
            return
        if self.members.wants_chains and self._chains is not None:
            await self._chains.complete(log, page.issuers)
        verified = page.end if arrival.verified else 0
        whole = Sheet(log, self._source(log), page, self._clock.now(), verified)
        for start in range(page.first, page.end, BATCH):
            part = page.slice(start, min(start + BATCH, page.end)) if len(page) > BATCH else page
            await self._take_in(replace(whole, page=part))

    async def relay(self, sheet: Sheet) -> None:
        """Takes what another server said, of at most BATCH entries: sent as it comes, as nothing will prove it."""
        self.entries += len(sheet.page)
        await self._take_in(sheet)

    def missed(self, count: int | None, reason: str) -> None:
        """Tells everybody that messages are missing here that never came; None: nobody knows how many."""
        for group in self.members.plan.groups:
            for client in tuple(group.clients):
                client.lose(count, None, None, reason)

    async def _take_in(self, sheet: Sheet) -> None:
        for listener in self.listeners:
            listener(sheet)
        if self.members.wants("proof") or self.record:
            self._waiting.add(sheet)
        if self.members.wants("arrival") or self.record:
            await self._room.wait()
            # Where a log went back: its history knows what was sent, else we do. Of others' words nothing is proven.
            if self.record is not None or not isinstance(sheet.page, Page):
                self._put(sheet)
                return
            for page in self._unproven.fresh(sheet.log.id, sheet.page):
                self._put(replace(sheet, page=page))

    def proven(self, log_id: bytes, end: int) -> None:
        """The log's entries below `end` are proven."""
        self._ends[log_id] = end
        self._unproven.proven(log_id, end)
        for sheet in self._waiting.proven(log_id, end):
            self._put(sheet)

    def rewound(self, log: Log) -> None:
        """What came of a log after its last proof comes again."""
        self._waiting.rewound(log.id)

    def frozen(self, log: Log, *, stands: bool) -> None:
        """Whether a log stands frozen: then who wants only what is proven is told that its entries are missing."""
        (self._waiting.frozen if stands else self._waiting.thawed)(log.id)

    def unprovable(self, log: Log) -> None:
        """A log gives no proofs; should it ever, its entries come again."""
        self._waiting.unprovable(log.id)
        self._unproven.forget(log.id)

    async def recorded(self) -> None:
        """Returns once all that came so far is recorded, at once where nothing is; or after RECORDED_WITHIN: what isn't
        by then may be missing in the history, and who comes back is told. For one caller at a time."""
        goal = self._came
        try:
            async with self._clock.deadline(RECORDED_WITHIN):
                while self.record is not None and self._came - len(self._queue) - self._under_way < goal:
                    if self._over:
                        await self._record(self._take())
                    else:
                        self._progress.clear()
                        await self._progress.wait()
        except TimeoutError:
            self._tell(
                "the streams' history is behind: should the process end now, it lacks something", level="warning"
            )
        except Exception as error:  # noqa: BLE001  (a fault in our own code must not end the run)
            self._tell(f"the streams' history lacks something: {type(error).__name__}: {error}", level="error")

    def finish(self) -> None:
        """Nobody is sent anything any more: `recorded` takes what is left. To be called once `run` has ended."""
        self._over = True
        self._progress.set()

    # --- work ---

    async def run(self, _faults: int = 0) -> None:
        """Sends, for ever."""
        last = float("-inf")
        while True:
            await self._wake.wait()
            pause = last + TICK - self._clock.monotonic()
            if pause > 0 and self._pending < BATCH:
                await self._clock.sleep(pause)
            last = self._clock.monotonic()
            self._wake.clear()
            self.members.settle()
            batch = self._take()
            if self._queue:
                self._wake.set()
            if batch:
                await self._send(batch)

    async def compile(self, _faults: int = 0) -> None:
        """Makes one table of all filters, again whenever they change, for ever."""
        while True:
            await self.members.changed.wait()
            self.members.changed.clear()
            filters = self.members.filters()
            self.members.compiled(await self._table(filters), filters)
            self._wake.set()
            await self._clock.sleep(REBUILD)

    async def _table(self, filters: dict[Filter, int]) -> Audience | None:
        """One table of all these. What doesn't fit is taken out of them, and whoever wants it is refused; the others
        don't wait for that."""
        while filters:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._compiling, Audience, list(filters))
            except Malformed as fault:
                prefix, _, reason = fault.reason.partition(": ")
                named = prefix == f"filter {fault.offset}"
                for client in self.members.refuse(filters, fault.offset if named else len(filters)):
                    self.refuse(client, f"there is no room for this filter now: {reason if named else fault.reason}")
        return None

    def _put(self, one: Sheet | Lost) -> None:
        self._queue.append(one)
        self._came += 1
        if isinstance(one, Sheet):
            self._queued += one.page.nbytes
            self._pending += len(one.page)
            if self._queued >= QUEUE:
                self._room.clear()
        self._wake.set()

    def _lose(self, lost: Lost) -> None:
        self._put(lost)

    def _take(self) -> list[Sheet]:
        """The next sheets. What was lost among them is told once all before is sent."""
        batch, entries = list[Sheet](), 0
        while self._queue and entries < BATCH:
            one = self._queue[0]
            if isinstance(one, Lost):
                if batch:
                    break
                page, log_id = one.sheet.page, one.sheet.log.id
                self._tell_missing("proof", Missing(log_id, page.first, page.end, one.reason))
            else:
                self._queued -= one.page.nbytes
                self._pending -= len(one.page)
                entries += len(one.page)
                # The state at sending is what counts.
                batch.append(replace(one, verified=max(one.verified, self._ends.get(one.log.id, 0))))
            self._queue.popleft()
        if self._queued < QUEUE:
            self._room.set()
        return batch

    async def _send(self, batch: Sequence[Sheet]) -> None:
        number, batch = await self._record(batch)
        plan = self.members.plan
        if plan.groups and batch:
            turn = 0
            for group, block in await self._made(plan, batch):
                for client in tuple(group.clients):
                    client.send(block)
                    turn += 1
                    if turn % AT_ONCE == 0:
                        await asyncio.sleep(0)
        self.sequence = number
        self._last |= {one.order: (one.log.id, one.page.end - 1) for one in batch}

    async def _record(self, batch: Sequence[Sheet]) -> tuple[int, Sequence[Sheet]]:
        """Records a batch, also when cancelled meanwhile; gives the number of its last sheet and what is to be sent."""
        if self.record is None or not batch:
            return self.sequence, batch
        self._under_way = len(batch)
        try:
            recorded = await unbroken(self.record(batch, self._issuers))
        finally:
            self._under_way = 0
            self._progress.set()
        for order, missing in recorded.missing:
            self._tell_missing(order, missing)
        return recorded.number, recorded.sheets

    async def _made(self, plan: Plan, batch: Sequence[Sheet]) -> list[tuple[Group, Block]]:
        """The blocks of a batch; what breaks on the way costs its page alone, and is told to all who miss it."""
        now = self._clock.monotonic()
        try:
            return await self.aside(make, plan, batch, self._issuers, self._memory, now)
        except Exception as error:  # noqa: BLE001  (a fault in our own code: told, and survived)
            if len(batch) > 1:
                return [one for sheet in batch for one in await self._made(plan, [sheet])]
            page, log = batch[0].page, batch[0].log
            span = f"entries {page.first} to {page.end - 1} could not be sent"
            self._tell(f"{span}: {type(error).__name__}: {error}", level="error", log=log.description or log.url)
            self._tell_missing(batch[0].order, Missing(log.id, page.first, page.end, notices.FAULT))
            return []

    def _tell_missing(self, order: str, missing: Missing) -> None:
        known = self._sources.get(missing.log_id)
        for group in self.members.plan.groups:
            if group.wanted.order == order and (known is None or group.takes(known[0])):
                for client in tuple(group.clients):
                    losses.tell(client, missing)

    def _source(self, log: Log) -> Source:
        known = self._sources.get(log.id)
        if known is None or known[0] is not log:
            kind = "tiled" if log.protocol is Protocol.STATIC else "rfc6962"
            source = Source(log.id, log.description, log.url, kind, log.operator, log.monitoring_url)
            known = self._sources[log.id] = log, source
        return known[1]
