"""The heads of one log as they come: which one to go by, which contradict each other, which were taken back."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from certhia._core import Edge
from certhia.clock import Clock
from certhia.errors import RemoteError, Unverified
from certhia.logs.claims import Claims
from certhia.logs.client import LogClient, contradiction
from certhia.logs.contradiction import Sight
from certhia.logs.evidence import Prefix
from certhia.logs.reading import Origin, Outlets
from certhia.logs.refusals import Refusals
from certhia.logs.status import Status, longest_silence, takes_no_more
from certhia.logs.verify import Verifier
from certhia.model import Head, Log

HEADS: Final = 64  # recent heads by size, to be compared with what comes later
HEADS_KEPT: Final = 1 << 21  # bytes of them: checkpoints may be long
A_CLOCK: Final = 300.0  # seconds that two clocks may differ by
TAKEN_BACK: Final = 600.0  # seconds of smaller heads alone, until what was read beyond them is read again


class Succession:
    """Asks for heads; keeps `status.head`, the one that is gone by."""

    def __init__(
        self, client: LogClient, origin: Origin, outlets: Outlets, status: Status, verifier: Verifier, clock: Clock
    ) -> None:
        self._client = client
        self._origin = origin
        self._out = outlets
        self._status = status
        self._verifier = verifier
        self._clock = clock
        self._heads: OrderedDict[int, Sight] = OrderedDict()
        if origin.head is not None:
            self._heads[origin.head.size] = Sight(origin.head, origin.since or 0.0)
        self._claims = Claims(client.log, status, outlets, verifier)
        self._refusals = Refusals(status, outlets, verifier)
        self._smaller_since: float | None = None  # monotonic: since when only smaller heads come than the one gone by
        self._ahead = clock.now() - clock.monotonic()  # what turns monotonic into Unix seconds; see `_now`
        self._dated = False  # whether a head from the future was told
        self._fresh: OrderedDict[tuple[int, int], None] = OrderedDict()  # sizes and timestamps of the last heads
        self._sighted = 0.0  # Unix seconds: when the newest head was seen first
        self._still_since = 0.0  # Unix seconds: since when the head has not grown
        self.asked_at = 0.0  # monotonic: when a head was asked for last
        self.behind = ""  # that the last head covers less than what was read

    def carry(self, before: Succession) -> None:
        """Takes over what the log still has to answer for from those that ran before; call it after `Status.carry`. Of
        a log that was frozen that is over: its freeze says more, or a human has seen to it."""
        self._dated = before._dated
        self._claims.carry(before._claims)
        self._refusals.carry(before._refusals)
        if before._status.frozen:
            self._claims.clear()
            self._refusals.clear()

    @property
    def log(self) -> Log:
        """Whose heads they are."""
        return self._client.log

    @property
    def still_for(self) -> float:
        """Seconds since which the head has not grown."""
        return self._now() - self._still_since

    async def newest(self, *, reading: bool = False) -> Head:
        """The head to go by: the newest known. Older ones are left alone, unless they contradict one that we had, or
        come in the place of one that nothing was proven by: then those count.

        `reading`: what that one covers is being read, so it stays. Raises RemoteError.
        """
        try:
            head = await self._client.head()
        except RemoteError:
            self._status.missed = self._clock.monotonic()
            raise
        self.asked_at = self._status.heard = self._clock.monotonic()
        held = self._status.head
        if not self._status.frozen:
            largest = max((one for one in (held, self._origin.head) if one), key=_size, default=head)
            if not await self._compare(head, largest):
                await self._ask_again()
            await self._live_up(head)
        taken_back = held is not None and self._takes_back(head, held, reading)
        if held is None:
            before = self._origin.head
            still = before is not None and before.size == head.size and self._origin.since is not None
            self._still_since = (self._origin.since or 0.0) if still else self._now()
        elif head.size > held.size or taken_back:
            self._still_since = self._now()
        if held is None or taken_back or (head.size, head.timestamp) > (held.size, held.timestamp):
            self._status.head = held = head
        self._note_sight(head, held)
        read = self._status.position
        self.behind = f"its head covers {head.size} entries, {read} were read already" if head.size < read else ""
        self._judge_age(held)
        return held

    def _note_sight(self, head: Head, held: Head) -> None:
        """Any head that was not seen before shows that the log signs, whatever its date; an older one may be cached."""
        key, known = (head.size, head.timestamp), self._origin.head
        if head.size < held.size or key in self._fresh:
            return
        same = known is not None and (known.size, known.timestamp) == key
        self._sighted = (self._origin.since if same else None) or self._now()
        self._fresh[key] = None
        if len(self._fresh) > HEADS:
            self._fresh.popitem(last=False)

    def _judge_age(self, head: Head) -> None:
        most, now = longest_silence(self.log), self._now()
        age = now - self._sighted  # not by its timestamp: a log may date its heads as it likes
        # By whichever clock is ahead: the one was set, or the other stood still while the machine slept.
        ahead = head.timestamp / 1000 - max(now, self._clock.now())
        if ahead > A_CLOCK and not self._dated:
            self._dated = True
            self._out.notice(self.log, f"dates its heads {ahead / 60:,.0f} min into the future", "warning")
        stale = f"signed no head for {age / 60:.0f} min, the newest covers {head.size} entries"
        if self._status.ages(stale if age > most and not takes_no_more(self.log, self._clock.now()) else ""):
            self._out.notice(self.log, stale, "warning")

    def _now(self) -> float:
        """Unix seconds by the clocks as they stood at the start: a wall clock that is set since makes no log old."""
        return self._ahead + self._clock.monotonic()

    # --- heads that contradict each other ---

    async def _compare(self, head: Head, largest: Head) -> bool:
        """Freezes the log where a head contradicts those that we had. `largest`: the largest of them.

        A larger one is proven with the entries that lead to it; a smaller one that is not known is looked up in the
        ledger, else proven here, once. True where the log was asked for that."""
        seen, known = Sight(head, self._clock.now()), self._heads.get(head.size)
        if known is None and head.size == largest.size:
            known = Sight(largest, seen.at)
        if known is not None:
            self._keep(seen)
            if known.head.root != head.root:
                await self._contradicts(_two(known.head, head), known, seen)
            return False
        if head.size > largest.size or self._verifier.accepted.covers(head) or await self._is_recorded(seen):
            self._keep(seen)
            return False
        if self._refusals.knows(seen):
            return False  # asked about in its turn
        proven = self._verifier.proven
        if proven is None or proven.head.size <= head.size:
            proven = self._heads.get(largest.size, Sight(largest, seen.at))
        if await self._precedes(seen, proven):
            self._keep(seen)
        return True

    def _keep(self, seen: Sight) -> None:
        """To be compared with what comes later."""
        self._heads.setdefault(seen.head.size, seen)
        if len(self._heads) > HEADS or sum(len(one.head.raw) for one in self._heads.values()) > HEADS_KEPT:
            self._heads.popitem(last=False)

    async def _ask_again(self) -> None:
        """About one of the older heads whose proof the log refused."""
        proven = self._verifier.proven
        if proven is None or self._status.frozen or (refused := self._refusals.next(proven.head.size)) is None:
            return
        if await self._precedes(refused, proven):
            self._keep(refused)

    async def _is_recorded(self, seen: Sight) -> bool:
        """Whether the ledger knows the tree of that size, which the log need not be asked about then: the same one, or
        another one, which freezes the log."""
        head = seen.head
        found = await self._out.recorded(self.log, head.size)
        other = next((one for one in found if one.root != head.root), None)
        if other is None:
            return bool(found)
        before = Sight(other.head, other.at)
        if (step := other.step) is None:
            await self._contradicts(_two(before.head, head), before, seen)
        else:
            shown = Prefix(step.end, step.edge, 1, step.proof_kind, step.proof)
            await self._contradicts(str(contradiction(self.log, head, before.head)), seen, before, shown)
        return True

    async def _precedes(self, older: Sight, larger: Sight) -> bool:
        """Freezes the log where its own hashes show that the one is not the beginning of the other; False where they
        show nothing, which is no contradiction: whoever answers for it may err."""
        try:
            await self._client.precedes(older.head, larger.head)
        except Unverified as error:
            shown = await self._verifier.witness.shown(older.head, larger.head, 1)
            if shown is None:
                await self._is_refused(error, older, larger)
                return False
            if Edge(shown.size, shown.edge).root() != older.head.root:
                await self._contradicts(str(error), older, larger, shown)
        except RemoteError as error:  # an old head is no reason to doubt the log, nor to stop reading it
            await self._is_refused(error, older, larger)
            return False
        self._refusals.settled(older)
        return True

    async def _is_refused(self, error: RemoteError, older: Sight, larger: Sight) -> None:
        """The log gives no proof of an older head now, or none that holds."""
        self._out.notice(self.log, f"an older head of size {older.head.size} can't be proven now: {error}", "debug")
        if larger.head.size <= self._verifier.proven_size:  # else the larger one may be what it can't prove
            await self._refusals.refused(older, larger, self._now())

    async def _contradicts(self, reason: str, one: Sight, other: Sight, shown: Prefix | None = None) -> None:
        """Two heads contradict each other: that freezes the log, unless a human accepted these very two."""
        if self._verifier.accepted.covers(one.head, other.head):
            self._out.notice(self.log, f"{reason}: accepted", "debug")
        else:
            await self._verifier.freeze(self._verifier.witness.of_heads(reason, one, other, shown))

    # --- heads that are taken back ---

    @property
    def gone(self) -> str:
        """That the log has shown only smaller heads for long than the one that we go by; empty where it hasn't."""
        since, held = self._smaller_since, self._status.head
        if since is None or held is None or self._clock.monotonic() - since < TAKEN_BACK:
            return ""
        return f"{self.log.url}: showed a head of {held.size} entries, and only smaller ones since"

    def _takes_back(self, head: Head, held: Head, reading: bool) -> bool:
        """Whether `head` counts although it is smaller: nothing was proven by the one that we had.

        That one stays a claim. A front end that lags does the same: what was read stays, then, until it has lasted.
        """
        status, proven = self._status, self._verifier.proven_size
        if head.size >= held.size or held.size <= proven or status.frozen or self._verifier.disputes(held):
            self._smaller_since = None
            return False
        self._smaller_since = self._smaller_since or self._clock.monotonic()
        if reading or head.size < proven or (head.size < status.position and not self._goes_back(head)):
            return False
        self._smaller_since = None
        self._claims.add(Sight(held, self._sighted), head.size)
        return True

    def _goes_back(self, head: Head) -> bool:
        """Lets go of what was read beyond `head`, where the log has long shown nothing larger."""
        status, gone = self._status, self.gone
        if not gone:
            return False
        if self._verifier.has_edge:
            self._out.notice(self.log, f"{gone}: reads again from {status.verified}", "warning")
            self._verifier.read_again()
        elif status.start is not None and head.size < status.start:  # it was begun at the end of that head
            self._out.notice(self.log, f"{gone}: begins anew", "warning")
            status.start, status.position = None, 0
        else:
            return False
        return True

    async def _live_up(self, head: Head) -> None:
        """Claims that `head` covers are fulfilled, or contradicted by it; others are told when their time is over."""
        seen = Sight(head, self._clock.now())
        for claim in self._claims.covered(head.size):
            if claim.head.size == head.size and claim.head.root != head.root:
                await self._contradicts(_two(claim.head, head), claim, seen)
            if claim.head.size == head.size or await self._precedes(claim, seen):
                self._claims.drop(claim)
        if not self._status.frozen:
            await self._claims.look(seen, self._now())


def _size(head: Head) -> int:
    return head.size


def _two(one: Head, other: Head) -> str:
    return f"signed two heads of size {one.size}, with roots {one.root.hex()} and {other.root.hex()}"
