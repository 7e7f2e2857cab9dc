"""One log, followed: heads, ranges, pages in order, and proof that they are what the log signed.

    round:  head ──▶ window (parallel requests, in order) ──▶ decode + scan (core, off the loop) ──▶ accept
                                                      └─▶ verifier ──▶ prove against the head ──▶ record a step

Two positions: `status.position` is what was read, `status.verified` what was proven; only the second is ever stored.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import Executor

from certhia._core import Edge, Page, Scan
from certhia.clock import Clock
from certhia.errors import Lagging, Malformed, RemoteError, Throttled, Unverified
from certhia.logs import start as starts
from certhia.logs.budget import Budget
from certhia.logs.client import LogClient
from certhia.logs.contradiction import Sight
from certhia.logs.evidence import Prefix
from certhia.logs.reading import Origin, Outlets, Reading
from certhia.logs.select import final_root_matches
from certhia.logs.status import Status, longest_silence
from certhia.logs.verify import Verifier
from certhia.logs.window import Group, Window
from certhia.model import Arrival, Head, Log, Protocol
from certhia.quantity import Point

TILE = 256
HEADS = 64  # recent heads by size, to be compared with what comes later
HEADS_KEPT = 1 << 21  # bytes of them: checkpoints may be long
A_DAY = 86_400
A_CLOCK = 300.0  # seconds that two clocks may differ by


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
        self._heads: OrderedDict[int, Sight] = OrderedDict()  # by size
        self._doubted: set[bytes] = set()  # roots of older heads that were not proven when they were seen first
        if origin.head is not None:
            self._heads[origin.head.size] = Sight(origin.head, origin.since or 0.0)
        self._ahead = clock.now() - clock.monotonic()  # what turns monotonic into Unix seconds; see `_now`
        self._head_at = 0.0  # monotonic: when the newest head was asked for
        self._dated = False  # whether a head from the future was told
        self._sighted = 0.0  # Unix seconds: when the newest head was seen first
        self._behind = ""  # that the last head covers less than what was read
        self._still_since = 0.0  # Unix seconds: since when the head has not grown
        self._partial_since: float | None = None  # monotonic: since when the last tile has been partial
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
        if self._behind:
            self._kept_waiting(self._behind)
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
        head = await self._ask_head()
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

    # --- heads ---

    async def _ask_head(self) -> Head:
        """The newest head known. Older ones are left alone, unless they contradict one that we had."""
        head = await self.client.head()
        self._head_at = self.status.heard = self._clock.monotonic()
        held = self.status.head
        if not self.status.frozen:
            await self._compare(head, max((one for one in (held, self._origin.head) if one), key=_size, default=head))
        if held is None:
            before = self._origin.head
            still = before is not None and before.size == head.size and self._origin.since is not None
            self._still_since = (self._origin.since or 0.0) if still else self._now()
        elif head.size > held.size:
            self._still_since = self._now()
        if held is None or (head.size, head.timestamp) > (held.size, held.timestamp):
            self.status.head = held = head
            known = self._origin.head
            same = known is not None and (known.size, known.timestamp) == (head.size, head.timestamp)
            self._sighted = (self._origin.since if same else None) or self._now()
        read = self.status.position
        self._behind = f"its head covers {head.size} entries, {read} were read already" if head.size < read else ""
        self._judge_age(held)
        return held

    def _judge_age(self, head: Head) -> None:
        most, now = longest_silence(self.log), self._now()
        age = now - self._sighted  # not by its timestamp: a log may date its heads as it likes
        ahead = head.timestamp / 1000 - now
        if ahead > A_CLOCK and not self._dated:
            self._dated = True
            self._out.notice(self.log, f"dates its heads {ahead / 60:,.0f} min into the future", "warning")
        stale = f"signed no head for {age / 60:.0f} min, the newest covers {head.size} entries"
        if self.status.ages(stale if age > most and not self._has_ended() else ""):
            self._out.notice(self.log, stale, "warning")

    async def _compare(self, head: Head, largest: Head) -> None:
        """Freezes the log where a head contradicts those that we had. `largest`: the largest of them.

        A larger one is proven with the entries that lead to it; a smaller one that is not known is proven here, once.
        Raises Unverified where the log doesn't prove it, for the first time.
        """
        seen, known = Sight(head, self._clock.now()), self._heads.get(head.size)
        if known is not None and known.head.root != head.root:
            roots = f"{known.head.root.hex()} and {head.root.hex()}"
            await self._contradicts(f"signed two heads of size {head.size}, with roots {roots}", known, seen)
        elif known is None and head.size < largest.size:
            try:
                await self.client.precedes(head, largest)
            except Unverified as error:
                if await self._is_doubtful(error, seen, self._heads.get(largest.size, Sight(largest, seen.at))):
                    raise
            except RemoteError as error:  # an old head is no reason to doubt the log, nor to stop reading it
                self._out.notice(self.log, f"an older head of size {head.size} can't be proven now: {error}", "debug")
                return
        self._heads.setdefault(head.size, seen)
        if len(self._heads) > HEADS or sum(len(one.head.raw) for one in self._heads.values()) > HEADS_KEPT:
            self._heads.popitem(last=False)

    async def _is_doubtful(self, error: Unverified, older: Sight, largest: Sight) -> bool:
        """An older head that was not proven to be a prefix of the largest: judged by the log's own hashes for that.

        True where it gives none, the first time: a bad answer is not a contradiction yet.
        """
        shown = await self._verifier.witness.shown(older.head, largest.head, 1)
        if shown is not None and Edge(shown.size, shown.edge).root() == older.head.root:
            return False
        if shown is None and older.head.root not in self._doubted and len(self._doubted) < HEADS:
            self._doubted.add(older.head.root)
            self._out.notice(self.log, f"{error}: asks again", "warning")
            return True
        await self._contradicts(str(error), older, largest, shown)
        return False

    async def _contradicts(self, reason: str, one: Sight, other: Sight, shown: Prefix | None = None) -> None:
        """Two heads contradict each other: that freezes the log, unless a human accepted it just now."""
        if self._verifier.accepted:
            self._heads.clear()
            self._out.notice(self.log, f"{reason}: accepted, goes by the one that it shows now", "warning")
        else:
            await self._verifier.freeze(self._verifier.witness.of_heads(reason, one, other, shown))

    def _target(self, head: Head) -> int:
        """How far to read now: a static log's last tile is left alone until it is full, or partial for long."""
        end = head.size if self._end is None else min(head.size, self._end)
        if self.log.protocol is not Protocol.STATIC or end == self._end:
            return end
        full = end - end % TILE
        if end <= self.status.position or full > self.status.position:
            self._partial_since = None
        if end > max(full, self.status.position):
            now = self._clock.monotonic()
            self._partial_since = now if self._partial_since is None else self._partial_since
            if now - self._partial_since >= self._reading.patience or self._has_ended():
                return end
        return full

    def _now(self) -> float:
        """Unix seconds by the clocks as they stood at the start: a wall clock that is set since makes no log old."""
        return self._ahead + self._clock.monotonic()

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
        begin, most = verified, self._reading.max_backlog
        if most.entries is not None:
            begin = max(begin, head.size - most.entries)
        elif most.seconds is not None:
            date = Point("date", self._clock.now() - most.seconds)
            begin = max(begin, await starts.resolve(date, self.client, head, self._clock))
        if begin > verified:
            skipped = f"{begin - verified} entries, {verified} to {begin - 1}, by --max-backlog"
            if not self.status.frozen:
                await self._verifier.anchor(begin, head, note=f"skipped {skipped}")
            self._out.notice(self.log, f"skipped {skipped}", "warning")
        return begin

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
        if self._clock.monotonic() - self._head_at >= self.poll:
            try:
                head = await self._ask_head()
            except Unverified:
                raise
            except RemoteError as error:  # what is in flight is worth more than a newer head
                self._out.notice(self.log, f"no newer head on the way: {error}", "debug")
        await self._verifier.try_prove(head)
        return head

    async def _take(self, group: Group, target: int) -> None:
        position, rules = self.status.position, self._out.rules()

        def work() -> tuple[Page, Scan]:
            page = self.client.decode(group.answers)
            group.answers.clear()  # the bodies: the page has its own bytes
            page = page.slice(position, target) if page.first < position or page.end > target else page
            scan = rules.matcher.scan(page, precerts=self._out.precerts)
            self._verifier.append(page)
            return page, scan

        page, scan = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        status = self.status
        self._verifier.quarantine(len(scan.quarantined))
        if self.client.alarm:
            self._verifier.alarm(self.client.alarm)
        status.position = page.end
        self._moves()
        status.last_timestamp = max(status.last_timestamp, page.timestamp(len(page) - 1))
        status.precerts += scan.precerts
        status.quarantined += len(scan.quarantined)
        status.read(len(page), self._clock.monotonic())
        await self._out.accept(Arrival(self.log, page, scan, rules, verified=self._verifier.covers(status.head)))

    # --- the end ---

    def _has_ended(self) -> bool:
        """Whether the log takes no more entries."""
        ended = self.log.interval is not None and self.log.interval[1].timestamp() <= self._clock.now()
        return ended or self.log.final is not None or self.log.state in ("readonly", "retired", "rejected")

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
        if not self._has_ended() or self.status.verified < head.size:
            return
        agrees = final_root_matches(self.log, head)
        if agrees is False and self.log.final is not None:
            final = self.log.final.size
            if head.size > final:
                self._verifier.alarm(f"goes on beyond the final head of the log list, {final} entries")
            else:
                self._verifier.alarm(f"its head of {final} entries differs from the final one of the log list")
        if self._now() - self._still_since >= self.log.mmd + A_DAY:
            agreed = " with the final root of the log list" if agrees else ""
            self.status.finished = f"ended at {head.size} entries{agreed}"
            self.status.ended = True


def _size(head: Head) -> int:
    return head.size
