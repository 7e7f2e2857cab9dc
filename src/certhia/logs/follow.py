"""One log, followed: heads, ranges, pages in order, and proof that they are what the log signed.

    round:  head ──▶ window (parallel requests, in order) ──▶ decode + scan (core, off the loop) ──▶ accept
                                                      └─▶ edge ──▶ prove against the head ──▶ record a step

Two positions: `position` is what was read, `verified` what was proven; only the second is ever stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from certhia._core import Edge, Matcher, Page, Scan
from certhia.clock import Clock
from certhia.errors import BadAnswer, Lagging, Malformed, RemoteError, Throttled, Unverified
from certhia.logs import start as starts
from certhia.logs.budget import Budget
from certhia.logs.client import LogClient
from certhia.logs.select import final_root_matches
from certhia.logs.start import NOW
from certhia.logs.status import Status
from certhia.logs.window import Group, Window
from certhia.model import Arrival, Head, Health, Log, Protocol, Step
from certhia.quantity import Backlog, Point

TILE = 256
ALL = Backlog()


@dataclass(frozen=True, slots=True)
class Reading:
    """How logs are read; the same for all."""

    poll_static: float = 10.0  # seconds between heads
    poll_rfc6962: float = 30.0
    patience: float = 60.0  # seconds a partial tile must have stayed partial before its entries are fetched
    parallel: int = 8  # requests of one log at once
    verify_entries: int = 65_536  # a backlog is proven on the way at least this often
    verify_seconds: float = 60.0
    until: Point | None = None
    max_backlog: Backlog = ALL  # of a resume; by default all of it is read


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to begin: a verified position of an earlier run, or a point."""

    point: Point = NOW
    verified: int | None = None
    edge: bytes = b""
    head: Head | None = None
    since: float | None = None  # Unix seconds when that head's size was first seen


@dataclass(frozen=True, slots=True)
class Outlets:
    """What a follower hands on. `accept` returns when the arrival is taken care of: that is the back pressure."""

    accept: Callable[[Arrival], Awaitable[None]]
    step: Callable[[Step], None]
    rewound: Callable[[Log], None]  # what was accepted after the last step comes again
    notice: Callable[[Log, str, str], None]  # text, level (debug, info, warning, error)
    matcher: Callable[[], Matcher]
    precerts: bool = True


class Follower:
    """Follows one log until cancelled, until `Reading.until`, or until the log is finished."""

    def __init__(
        self,
        client: LogClient,
        origin: Origin,
        outlets: Outlets,
        *,
        reading: Reading,
        budget: Budget,
        clock: Clock,
        executor: Executor | None = None,
    ) -> None:
        self.client = client
        self.status = Status(client.log)
        self._origin = origin
        self._out = outlets
        self._reading = reading
        self._budget = budget
        self._clock = clock
        self._executor = executor
        self._edge: Edge | None = None  # of all that was read; None while the log gives no proof
        self._verified: Edge | None = None
        self._head: Head | None = None
        self._head_at = 0.0  # monotonic: when the newest head was asked for
        self._still_since = origin.since  # Unix seconds: since when the head has not grown
        self._partial_since: float | None = None  # monotonic: since when the last tile has been partial
        self._proven_at = 0.0  # monotonic
        self._proven_size = origin.head.size if origin.head is not None else 0  # of the newest head that was proven
        self._quarantined = 0  # since the last step
        self._end: int | None = None
        self._reason = ""  # why it ends at _end

    @property
    def log(self) -> Log:
        """The log that is followed."""
        return self.client.log

    @property
    def resumed(self) -> bool:
        """Whether it goes on from a verified position of an earlier run."""
        return self._origin.verified is not None

    @property
    def poll(self) -> float:
        """Seconds between heads."""
        return self._reading.poll_static if self.log.protocol is Protocol.STATIC else self._reading.poll_rfc6962

    def finish(self, reason: str) -> None:
        """Reads what the newest head covers, then ends."""
        self._end = self._head.size if self._head is not None else 0
        self._reason = reason

    async def run(self) -> None:
        """Rounds for ever. Returns when nothing is left to be read; `status.finished` says why."""
        while not self.status.finished:
            try:
                await self.round()
            except Throttled as error:
                self.status.lagging = str(error)
            except Lagging as error:
                self.status.lagging = str(error)
            except (RemoteError, Malformed) as error:
                self._failed(str(error))
            else:
                self._succeeded()
            if not self.status.finished:
                await self._clock.sleep(self._clock.jitter(self.status.pause(self.poll)))

    def _failed(self, reason: str) -> None:
        before = self.status.health
        self.status.failed(reason)
        if self.status.health is not before and self.status.health is Health.FAILED:
            self._out.notice(
                self.log, f"failed {self.status.failures} times in a row, asked less often now: {reason}", "warning"
            )
        else:
            self._out.notice(self.log, reason, "debug")

    def _succeeded(self) -> None:
        if self.status.health is Health.FAILED:
            self._out.notice(self.log, "answers again", "info")
        self.status.lagging = ""
        self.status.succeeded()

    async def round(self) -> None:
        """Asks for a head and reads up to it. Raises RemoteError."""
        await self._ask_head()
        head = self._head
        assert head is not None
        if self.status.start is None:
            await self._begin(head)
        if self._edge is None:
            await self._seek_proof(head)
        target = self._target(head)
        if target > self.status.position:
            await self._read(target)
        elif self._edge is not None and head.size > max(self._proven_size, self._edge.size - 1):
            await self._prove(head)
        await self._consider_end()

    # --- heads ---

    async def _ask_head(self) -> None:
        head = await self.client.head()
        self._head_at = self._clock.monotonic()
        held = self._head
        if held is not None and head.size == held.size and head.root != held.root:
            self._alarm(
                f"two signed heads of size {head.size} with different roots: {held.root.hex()}, {head.root.hex()}"
            )
            raise Unverified(f"{self.log.url}: two heads of size {head.size} contradict each other")
        if held is None or head.size > held.size:
            self._still_since = (
                self._clock.now() if held is not None or self._origin.since is None else self._still_since
            )
            self._head = self.status.head = head
        elif head.size == held.size and head.timestamp > held.timestamp:
            self._head = self.status.head = head

    def _target(self, head: Head) -> int:
        """How far to read now: a static log's last tile is left alone until it is full, or has been partial for long."""
        end = head.size if self._end is None else min(head.size, self._end)
        if self.log.protocol is not Protocol.STATIC or self._end is not None:
            return end
        full = end - end % TILE
        if end == full or full > self.status.position:
            self._partial_since = None
        if end > max(full, self.status.position):
            now = self._clock.monotonic()
            self._partial_since = now if self._partial_since is None else self._partial_since
            if now - self._partial_since >= self._reading.patience or self._ended():
                return end
        return full

    # --- where to begin ---

    async def _begin(self, head: Head) -> None:
        origin = self._origin
        if origin.verified is not None:
            if origin.verified > head.size:
                raise Lagging(f"{self.log.url}: its newest head covers {head.size} entries, we have {origin.verified}")
            position = origin.verified
            self._set_edges(Edge(position, origin.edge))
            await self._limit_backlog(head)
            position = self._edge.size if self._edge is not None else position
        else:
            position = await starts.resolve(origin.point, self.client, head, self._clock)
            await self._anchor(position, head)
        if self._reading.until is not None and self._end is None:
            self._end = await starts.resolve_end(self._reading.until, self.client, head, self._clock)
        self.status.start = self.status.position = position
        self.status.verified = self._verified.size if self._verified is not None else position
        self._proven_at = self._clock.monotonic()

    async def _anchor(self, position: int, head: Head, note: str = "") -> None:
        """Takes the tree's right edge at `position` from the log, proven to its signed head; without, unverified."""
        try:
            edge = await self.client.edge(head, position)
            proof = await self.client.prove(edge, head)
        except Unverified:
            raise
        except (BadAnswer, Malformed) as error:
            self.status.provable = False
            self._out.notice(
                self.log,
                f"gives no proof of its tree at {position}: followed unverified until it does ({error})",
                "warning",
            )
            return
        start = self._verified.size if note and self._verified is not None else position
        self._set_edges(edge)
        self.status.provable = True
        self._proven_size = head.size
        self._record(start, edge, head, proof, note)

    async def _seek_proof(self, head: Head) -> None:
        """A log without proofs so far: once it proves where we began, what was read since is read again, verified."""
        assert self.status.start is not None
        await self._anchor(self.status.start, head)
        if self._edge is not None:
            self._out.notice(self.log, "can be verified now: reading again what came unverified", "info")
            self.status.verified = self.status.start
            self._forget()

    async def _limit_backlog(self, head: Head) -> None:
        """Skips ahead of a backlog that is longer than the user wants, and records what was skipped."""
        assert self._edge is not None
        begin = self._edge.size
        most = self._reading.max_backlog
        if most.entries is not None:
            begin = max(begin, head.size - most.entries)
        elif most.seconds is not None:
            date = Point("date", self._clock.now() - most.seconds)
            begin = max(begin, await starts.resolve(date, self.client, head, self._clock))
        if begin > self._edge.size:
            skipped = (self._edge.size, begin)
            await self._anchor(begin, head, note=f"skipped by --max-backlog: entries {skipped[0]} to {skipped[1] - 1}")
            self._out.notice(
                self.log, f"skipped {begin - skipped[0]} entries, {skipped[0]} to {begin - 1}, as asked", "info"
            )

    # --- reading ---

    async def _read(self, target: int) -> None:
        head = self._head
        assert head is not None
        window = Window(
            self.client,
            self.status.position,
            target,
            head.size,
            budget=self._budget,
            clock=self._clock,
            parallel=self._reading.parallel,
        )
        async with window:
            while (group := await window.next()) is not None:
                try:
                    await self._take(group, target)
                finally:
                    group.give()
                if self._due_on_the_way():
                    target = await self._check_on_the_way(window, target)
        if self._edge is not None and self._head is not None:
            await self._prove(self._head)

    async def _check_on_the_way(self, window: Window, target: int) -> int:
        """Proves a backlog on the way; asks for a newer head first where the last one is old. Returns the target."""
        if self._clock.monotonic() - self._head_at >= self.poll:
            await self._ask_head()
        assert self._head is not None
        if self._edge is not None:
            await self._prove(self._head)
        target = max(target, self._target(self._head))
        window.extend(target, self._head.size)
        return target

    async def _take(self, group: Group, target: int) -> None:
        position, edge, matcher = self.status.position, self._edge, self._out.matcher()

        def work() -> tuple[Page, Scan]:
            page = self.client.decode(group.answers)
            page = page.slice(position, target) if page.first < position or page.end > target else page
            if edge is not None:
                edge.append_page(page)
            return page, matcher.scan(page, precerts=self._out.precerts)

        page, scan = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        self._quarantined += len(scan.quarantined)
        status = self.status
        status.position = page.end
        status.last_timestamp = max(status.last_timestamp, page.timestamp(len(page) - 1))
        status.precerts += scan.precerts
        status.quarantined += len(scan.quarantined)
        status.read(len(page), self._clock.monotonic())
        await self._out.accept(Arrival(self.log, page, scan, verified=self._is_covered()))

    def _is_covered(self) -> bool:
        """Whether all that was read is the newest head's tree, to the entry: told without asking anybody."""
        head, edge = self._head, self._edge
        return head is not None and edge is not None and edge.size == head.size and edge.root() == head.root

    # --- proof ---

    def _due_on_the_way(self) -> bool:
        behind = self.status.position - self.status.verified
        waited = self._clock.monotonic() - self._proven_at
        return behind >= self._reading.verify_entries or (behind > 0 and waited >= self._reading.verify_seconds)

    async def _prove(self, head: Head) -> None:
        """Records a step when what was read belongs to `head`; goes back to the verified position when it does not.

        A head is checked even where nothing new was read (a static log's last tile waits to be full): every head that
        we go by is one that our entries are part of.
        """
        edge = self._edge
        assert edge is not None
        if edge.size == self.status.verified and head.size <= self._proven_size:
            return
        try:
            proof = await self.client.prove(edge, head)
        except Unverified as error:
            self._rewind(str(error))
            raise
        self._proven_size = head.size
        if edge.size > self.status.verified:
            self._record(self.status.verified, edge, head, proof)

    def _record(self, start: int, edge: Edge, head: Head, proof: tuple[str, tuple[bytes, ...]], note: str = "") -> None:
        kind, nodes = proof
        self._out.step(
            Step(
                self.log.id,
                start,
                edge.size,
                self._quarantined,
                edge.hashes,
                head,
                nodes,
                kind,
                note,
                self._clock.now(),
            )
        )
        self._verified = edge.copy()
        self._quarantined = 0
        self.status.verified = edge.size
        self.status.mismatches = 0
        self._proven_at = self._clock.monotonic()

    def _rewind(self, reason: str) -> None:
        """What was read is not what the log signed: fetch it again from the last position that was proven."""
        assert self._verified is not None
        self.status.mismatches += 1
        if self.status.mismatches > 1:
            self._alarm(
                f"still differs after the range was fetched again: verified position stays at {self._verified.size}: {reason}"
            )
        else:
            self._out.notice(self.log, f"{reason}: reading again from {self._verified.size}", "warning")
        self._edge = self._verified.copy()
        self._forget()

    def _forget(self) -> None:
        """Back to the verified position."""
        self._quarantined = 0
        self.status.position = self.status.verified
        self._out.rewound(self.log)

    def _set_edges(self, edge: Edge) -> None:
        self._edge, self._verified = edge, edge.copy()

    # --- the end ---

    def _ended(self) -> bool:
        """Whether the log takes no more entries."""
        ended = self.log.interval is not None and self.log.interval[1].timestamp() <= self._clock.now()
        return ended or self.log.final is not None or self.log.state in ("readonly", "retired", "rejected")

    async def _consider_end(self) -> None:
        head = self._head
        assert head is not None
        if self._end is None and self._reading.until is not None:
            self._end = await starts.resolve_end(self._reading.until, self.client, head, self._clock)
        if self._end is not None:
            if self.status.position >= self._end:
                self.status.finished = self._reason or f"read until {self._end}"
            return
        if not self._ended() or self.status.verified < head.size:
            return
        agrees = final_root_matches(self.log, head)
        if agrees is False:
            self._alarm(f"its head of {head.size} entries, {head.root.hex()}, is not the final one of the log list")
        still = self._clock.now() - (self._still_since if self._still_since is not None else self._clock.now())
        if still >= self.log.mmd + 86_400:
            agreed = " with the final root of the log list" if agrees else ""
            self.status.finished = f"ended at {head.size} entries{agreed}"

    def _alarm(self, text: str) -> None:
        if text not in self.status.alarms:
            self.status.alarms.append(text)
            self._out.notice(self.log, text, "error")
