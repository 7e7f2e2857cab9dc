"""One log, followed: heads, ranges, pages in order, and proof that they are what the log signed.

    round:  head ──▶ window (parallel requests, in order) ──▶ decode + scan (core, off the loop) ──▶ accept
                                                      └─▶ verifier ──▶ prove against the head ──▶ record a step

Two positions: `status.position` is what was read, `status.verified` what was proven; only the second is ever stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace

from certhia._core import Matcher, Page, Scan
from certhia.clock import Clock
from certhia.errors import Lagging, Malformed, RemoteError, Throttled, Unverified
from certhia.logs import start as starts
from certhia.logs.budget import Budget
from certhia.logs.client import LogClient
from certhia.logs.reading import Origin, Outlets, Reading
from certhia.logs.select import final_root_matches
from certhia.logs.status import Status, takes_no_more
from certhia.logs.succession import Succession
from certhia.logs.verify import Verifier
from certhia.logs.window import Group, Window
from certhia.model import Arrival, Head, Log, Protocol
from certhia.quantity import Point
from certhia.sought import scanned

TILE = 256
A_DAY = 86_400


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
        """`executor`: runs the core's calls; the event loop's own when None."""
        self.client = client
        self.status = Status(client.log)
        self._origin = origin
        self._out = outlets
        self._reading = reading
        self._budget = budget
        self._clock = clock
        self._executor = executor
        self._verifier = Verifier(client, origin, outlets, self.status, reading=reading, clock=clock)
        self._heads = Succession(client, origin, outlets, self.status, self._verifier, clock)
        self._partial: tuple[int, float] | None = None  # from where on the last tile is partial, and since when
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

    @property
    def ending(self) -> bool:
        """Whether it was told to end."""
        return bool(self._reason)

    def carry(self, before: Follower) -> None:
        """Takes over what the follower that ran before for the same log counted, and what it told."""
        self.status.carry(before.status)
        self._verifier.carry(before._verifier)
        self._heads.carry(before._heads)

    def adopt(self, reading: Reading, *, precerts: bool) -> None:
        """Reads in this way from now on."""
        if reading.until != self._reading.until and not self._reason:
            self._end = None
        self._reading = reading
        self._out = replace(self._out, precerts=precerts)

    def finish(self, reason: str) -> None:
        """Reads what the newest head covers, then ends."""
        covered = self.status.head.size if self.status.head is not None else 0
        self._end = covered if self._end is None else min(self._end, covered)
        self._reason = reason

    async def run(self) -> None:
        """Rounds for ever. Returns when nothing is left to be read; `status.finished` says why."""
        if (freeze := self._origin.freeze) is not None and freeze.accepted is None:
            self._verifier.frozen(freeze)
        while not self.status.finished:
            try:
                await self.round()
            except (Throttled, Lagging) as error:  # neither is a failure: asked again at the next poll
                self._kept_waiting(str(error))
            except (RemoteError, Malformed) as error:
                self._failed(str(error))
            else:
                self._succeeded()
            if not self.status.finished:
                await self._clock.sleep(self._clock.jitter(self.status.pause(self.poll)))
                self._finish_early()

    def _failed(self, reason: str) -> None:
        before = self.status.failing
        self.status.failed(reason)
        if self.status.failing and not before:
            reason = f"failed {self.status.failures} times in a row, asked less often now: {reason}"
            self._out.notice(self.log, reason, "warning")
        else:
            self._out.notice(self.log, reason, "debug")

    def _succeeded(self) -> None:
        if self.status.failing:
            self._out.notice(self.log, "answers again", "info")
        self.status.succeeded()
        if self._heads.behind:
            self._kept_waiting(self._heads.behind)
        else:
            self._moves()

    def _kept_waiting(self, reason: str) -> float:
        """The log keeps us waiting; gives for how many seconds now."""
        now = self._clock.monotonic()
        if self.status.waits(reason, now):
            self._out.notice(self.log, self.status.slow, "warning")
        return self.status.waited(now)

    def _moves(self) -> None:
        if self.status.moves():
            self._out.notice(self.log, "no longer keeps us waiting", "info")

    async def round(self) -> None:
        """Asks for a head and reads up to it. Raises RemoteError."""
        head = await self._heads.newest()
        if self._reason and self._end is not None:  # a head that was taken back is not waited for
            self._end = min(self._end, head.size)
        if self.status.start is None:
            await self._begin(head)
        elif not self._verifier.has_edge and not self.status.frozen:
            await self._verifier.seek(self.status.start, head)
        if self._end is None and self._reading.until is not None:
            self._end = await starts.resolve_end(self._reading.until, self.client, head, self._clock)
        target = self._target(head)
        if target > self.status.position:
            await self._read(target, head)
        else:
            await self._verifier.prove(head)
        self._consider_end(head)

    def _target(self, head: Head) -> int:
        """How far to read now: a static log's last tile is left alone until it is full, or partial for long."""
        end = head.size if self._end is None else min(head.size, self._end)
        if self.log.protocol is not Protocol.STATIC or end == self._end:
            return end
        full, position = end - end % TILE, self.status.position
        begin = max(full, position)
        if end <= begin:
            self._partial = None
            return full
        now = self._clock.monotonic()
        if self._partial is None or self._partial[0] != begin:  # what comes next has its own time
            self._partial = begin, now
        if now - self._partial[1] >= self._reading.patience or takes_no_more(self.log, self._clock.now()):
            return end
        return full

    # --- where to begin ---

    async def _begin(self, head: Head) -> None:
        origin = self._origin
        if origin.verified is None:
            position = await starts.resolve(origin.point, self.client, head, self._clock)
            if self.status.frozen:
                self._verifier.stand(position)
            else:
                await self._verifier.anchor(position, head)
        elif origin.verified > head.size:
            raise Lagging(f"{self.log.url}: its newest head covers {head.size} entries, we have {origin.verified}")
        else:
            self._verifier.resume(origin.verified, origin.edge)
            position = await self._limit_backlog(origin.verified, head)
        self.status.start = self.status.position = position

    async def _limit_backlog(self, verified: int, head: Head) -> int:
        """Skips ahead of a backlog that is longer than the user wants, and records what was skipped."""
        begin = await self._beyond_backlog(verified, head)
        if begin > verified:
            skipped = f"{begin - verified} entries, {verified} to {begin - 1}, by --max-backlog"
            if not self.status.frozen:
                await self._verifier.anchor(begin, head, note=f"skipped {skipped}")
            self._out.notice(self.log, f"skipped {skipped}", "warning")
        return begin

    async def _beyond_backlog(self, read_to: int, head: Head) -> int:
        """Where to go on, no further back than the user wants."""
        most = self._reading.max_backlog
        if most.entries is not None:
            return max(read_to, head.size - most.entries)
        if most.seconds is not None:
            date = Point("date", self._clock.now() - most.seconds)
            return max(read_to, await starts.resolve(date, self.client, head, self._clock))
        return read_to

    # --- reading ---

    async def _read(self, target: int, head: Head) -> None:
        window = Window(
            self.client,
            self.status.position,
            target,
            head.size,
            budget=self._budget,
            clock=self._clock,
            parallel=self._reading.parallel,
            waits=self._kept_waiting,
            cautious=bool(self.status.lagging),
        )
        async with window:
            while (group := await window.next()) is not None:
                try:
                    await self._take(group, target)
                finally:
                    group.give()
                if self._verifier.due():
                    head = await self._check_on_the_way(head)
                    target = max(target, self._target(head))
                    window.extend(target, head.size)
        await self._verifier.prove(head)

    async def _check_on_the_way(self, head: Head) -> Head:
        """Proves a backlog on the way; asks for a newer head first where the last one is old."""
        if self._clock.monotonic() - self._heads.asked_at >= self.poll:
            try:
                head = await self._heads.newest(reading=True)
            except Unverified:
                raise
            except RemoteError as error:  # what is in flight is worth more than a newer head
                self._out.notice(self.log, f"no newer head on the way: {error}", "debug")
            if gone := self._heads.gone:
                raise Lagging(gone)
        await self._verifier.try_prove(head)
        return head

    async def _take(self, group: Group, target: int) -> None:
        position, rules, sought = self.status.position, self._out.rules(), self._out.sought()

        def work() -> tuple[Page, Scan, Mapping[Matcher, Scan]]:
            page = self.client.decode(group.answers)
            group.answers.clear()  # the bodies: the page has its own bytes
            page = page.slice(position, target) if page.first < position or page.end > target else page
            scan, scans = scanned(page, rules, sought, precerts=self._out.precerts)
            self._verifier.append(page)
            return page, scan, scans

        page, scan, scans = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        status = self.status
        self._verifier.quarantine(len(scan.quarantined))
        if (unreadable := self.client.alarm) and unreadable != self.status.unreadable:
            self.status.unreadable = unreadable
            self._out.notice(self.log, unreadable, "error")
        status.position = page.end
        self._moves()
        status.last_timestamp = max(status.last_timestamp, page.timestamp(len(page) - 1))
        status.precerts += scan.precerts
        status.quarantined += len(scan.quarantined)
        status.read(len(page), self._clock.monotonic())
        verified = self._verifier.covers(status.head)
        await self._out.accept(Arrival(self.log, page, scan, rules, verified=verified, scans=scans))

    # --- the end ---

    def _finish_early(self) -> None:
        """A log that is no longer wanted, and of which nothing is left to be read, need not answer any more."""
        done = self.status.verified if self._verifier.has_edge else self.status.position
        if self._reason and self._end is not None and done >= self._end:
            self.status.finished = self._reason

    def _consider_end(self, head: Head) -> None:
        if self._end is not None:
            if self.status.position >= self._end:
                self.status.finished = self._reason or f"read until {self._end}"
            return
        if not takes_no_more(self.log, self._clock.now()) or self.status.verified < head.size:
            return
        agrees = final_root_matches(self.log, head)
        if agrees is False and self.log.final is not None:
            final = self.log.final.size
            if head.size > final:
                self._verifier.alarm(f"goes on beyond the final head of the log list, {final} entries")
            else:
                self._verifier.alarm(f"its head of {final} entries differs from the final one of the log list")
        if self._heads.still_for >= self.log.mmd + A_DAY:
            agreed = " with the final root of the log list" if agrees else ""
            self.status.finished = f"ended at {head.size} entries{agreed}"
            self.status.ended = True
