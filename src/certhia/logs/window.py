"""Several requests of one log at once, put back in order."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from certhia.clock import Clock
from certhia.errors import Lagging, RemoteError, Throttled
from certhia.logs.budget import Budget, Lease, Signal
from certhia.logs.client import Fetched, LogClient

JOIN = 256  # entries: fewer than these aren't worth a call into the core
JOIN_BYTES = 8 << 20
TRIES = 3  # of one request within a round, before the round counts as failed
LAG_PATIENCE = 60.0  # seconds until a lagging front end ends the round, so that a newer head is asked for
LONGEST_LAG = 60.0  # seconds between two requests for what a front end has not had for long
UNKNOWN_ENTRY = 6000  # bytes of an entry before the first answer came
BESIDE = 0.6  # of a body: its page (0.4 of one of RFC 6962), pieces not joined yet, what malloc can't use


def cost(size: int) -> int:
    """Bytes of memory that a body of `size` bytes needs until its page is done with."""
    return size + int(size * BESIDE)


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive answers, ready to be decoded together."""

    answers: list[Fetched]
    leases: Sequence[Lease]

    def give(self) -> None:
        """Lets go of the answers, and returns their bytes to the budget."""
        self.answers.clear()
        for lease in self.leases:
            lease.give()


class Window:
    """Reads [start, end) of a log by up to `parallel` requests at once; `next` gives the answers in order.

    Use as an async context: leaving it ends all requests. Errors that a later try within the round can't mend come out
    of `next`.
    """

    def __init__(
        self,
        client: LogClient,
        start: int,
        end: int,
        size: int,
        *,
        budget: Budget,
        clock: Clock,
        parallel: int,
        waits: Callable[[str], float] = lambda _reason: 0.0,
        cautious: bool = False,
    ) -> None:
        """`size`: that of a held signed head; nothing at or past it is asked for. `waits` is told each time that the
        log refuses a request or does not have yet what is asked for, and gives the seconds that it has done so.
        `cautious`: one request at a time until one is answered."""
        self._client = client
        self._size = size
        self._budget = budget
        self._clock = clock
        self._most = parallel
        self._parallel = 1 if cautious else parallel
        self._waits = waits
        self._end = end
        self._position = start  # of the next answer in line
        self._asked = start  # all before it was asked for
        self._holes: list[tuple[int, int]] = []  # ranges asked for that came back short, a heap
        self._ready: dict[int, tuple[Fetched, Lease]] = {}
        self._changed = Signal()
        self._workers: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._entry_bytes = UNKNOWN_ENTRY

    async def __aenter__(self) -> Window:
        self._budget.listeners.add(self._changed)
        self._spawn()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._budget.listeners.discard(self._changed)
        workers = tuple(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        for _, left in self._ready.values():
            left.give()
        self._ready.clear()
        self._error = None  # it leads back here through its frames: a circle that only the collector would break

    def extend(self, end: int, size: int) -> None:
        """A newer head is held: reads on to `end`."""
        self._size = max(size, self._size)
        self._end = max(end, self._end)
        self._spawn()

    async def next(self) -> Group | None:
        """The next answers in order: of at least 256 entries unless the end or the budget is near; None at the end."""
        answers: list[Fetched] = []
        leases: list[Lease] = []
        start, size = self._position, 0
        try:
            while self._position < self._end and self._position - start < JOIN and size < JOIN_BYTES:
                taken = await self._take(wait=not answers)
                if taken is None:
                    break
                fetched, lease = taken
                answers.append(fetched)
                leases.append(lease)
                size += len(fetched.body)
                self._position = min(fetched.start + fetched.count, self._end)
                self._changed.fire()
        except BaseException:
            for lease in leases:
                lease.give()
            raise
        return Group(answers, leases) if answers else None

    async def _take(self, *, wait: bool) -> tuple[Fetched, Lease] | None:
        """The answer next in line. None where others need the bytes that the caller has in hand (`wait` is false)."""
        while self._position not in self._ready:
            if self._error is not None:
                if not wait:
                    return None  # what is in hand comes first
                raise self._error
            if not wait and self._budget.pressed:
                return None
            await self._changed.wait()
        return self._ready.pop(self._position)

    def _spawn(self) -> None:
        """As many workers as there are requests to make, at most `parallel`."""
        at = self._asked
        while len(self._workers) < self._parallel and at < self._end:
            at = self._client.plan(at, self._end)
            # Not a task left to itself: the window owns its workers, and leaving it ends and awaits them all.
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        try:
            while (claimed := await self._claim()) is not None:
                await self._answer(*claimed)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  (handed to whoever reads: `next` raises it)
            self._error = self._error or error
            self._changed.fire()

    async def _answer(self, start: int, end: int, lease: Lease) -> None:
        """One request and what it brings; a coroutine of its own, so that a worker that waits holds no body."""
        try:
            fetched = await self._fetch(start, end)
        except BaseException:
            lease.give()
            raise
        lease.resize(cost(len(fetched.body)))
        self._entry_bytes = max(len(fetched.body) // fetched.count, 1)
        if fetched.start + fetched.count < end:
            heapq.heappush(self._holes, (fetched.start + fetched.count, end))
        self._ready[start] = (fetched, lease)
        self._changed.fire()
        if self._parallel < self._most:
            self._parallel = self._most
            self._spawn()

    async def _claim(self) -> tuple[int, int, Lease] | None:
        """The lowest range that nobody asks for yet, with room for its answer; None when all is asked for."""
        while self._error is None and (lowest := self._lowest()) is not None:
            start, end = lowest
            size = cost((end - start) * self._entry_bytes)
            if start == self._position:
                self._mark(start, end)
                return start, end, await self._budget.line(size)
            lease = self._budget.try_ahead(size)
            if lease is not None:
                self._mark(start, end)
                return start, end, lease
            await self._changed.wait()
        return None

    def _lowest(self) -> tuple[int, int] | None:
        if self._holes:
            start, end = self._holes[0]
            return start, min(end, self._client.plan(start, end))
        if self._asked < self._end:
            return self._asked, self._client.plan(self._asked, self._end)
        return None

    def _mark(self, start: int, end: int) -> None:
        if self._holes and self._holes[0][0] == start:
            _, hole_end = heapq.heappop(self._holes)
            if end < hole_end:
                heapq.heappush(self._holes, (end, hole_end))
        else:
            self._asked = end

    async def _fetch(self, start: int, end: int) -> Fetched:
        """One request until it is answered. 429 and lag are waited for; other errors are tried again a few times."""
        failures = 0
        lagging_since: float | None = None
        while True:
            try:
                return await self._client.fetch(start, end, self._size)
            except Throttled as error:
                self._waits(str(error))  # the pace of the host holds the next one back
            except Lagging as error:
                waited = self._waits(str(error))
                now = self._clock.monotonic()
                lagging_since = now if lagging_since is None else lagging_since
                if now - lagging_since >= LAG_PATIENCE:
                    raise
                pause = min(1.0 + max(waited, now - lagging_since) / 2, LONGEST_LAG)
                # What is next in line is asked for first.
                await self._clock.sleep(self._clock.jitter(pause if start == self._position else 2 * pause))
            except RemoteError:
                failures += 1
                if failures >= TRIES:
                    raise
                await self._clock.sleep(self._clock.jitter(0.5 * 2**failures))
