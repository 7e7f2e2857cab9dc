"""What stands in one log before its live range, read beside it: in stretches, each proven by itself.

    stretch:  window (in order) ──▶ decode + scan (core, off the loop) ──▶ accept
                                                   └─▶ roots of blocks ──▶ siblings from the log ──▶ a signed head

Stretches go forward, or newest first. A stretch ends at multiples of a power of two, so that all of it is one block; at
the ends of the range it is several smaller ones. What was proven is the state's to know: whoever goes on asks it what
is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from certhia._core import Page, Scan
from certhia.clock import Clock
from certhia.errors import Unverified
from certhia.logs.budget import Budget
from certhia.logs.client import LogClient
from certhia.logs.contradiction import Witness
from certhia.logs.evidence import Evidence
from certhia.logs.judging import Verdict, judge
from certhia.logs.patience import patiently
from certhia.logs.reading import Reading
from certhia.logs.roots import Roots
from certhia.logs.window import Group, Window
from certhia.model import Arrival, Head, Log, Watched
from certhia.store.blocks import Block
from certhia.store.spans import Span, joined, without

PARALLEL = 4  # requests of one log at once, where following has 8


class Unproven(Unverified):
    """A block of entries that the log did not sign; `leaves` are their hashes, where it was read for a second time."""

    def __init__(self, message: str, block: Block, leaves: bytes) -> None:
        super().__init__(message)
        self.block = block
        self.leaves = leaves


class Disagreement(Unverified):
    """Two signed heads, of which the smaller one is not the beginning of the other."""

    def __init__(self, message: str, older: Head, newer: Head) -> None:
        super().__init__(message)
        self.older = older
        self.newer = newer


def named(start: int, end: int) -> str:
    """How an error about a block begins, and the reason for which its log is frozen."""
    return f"entries {start} to {end - 1}, read for a backfill, "


def hashed(root: bytes) -> str:
    """What else it says of the block."""
    return f"they hash to {root.hex()}"


@dataclass(frozen=True, slots=True)
class Takers:
    """Where what is found goes, and what is known already."""

    accept: Callable[[Arrival], Awaitable[None]]
    proven: Callable[[Block], None]  # raises Unverified where it contradicts what was proven before
    verified: Callable[[], Sequence[Span]]
    forget: Callable[[Sequence[Span]], None]  # what was accepted of these entries comes again
    alarm: Callable[[str], None]  # a human must hear of it
    notice: Callable[[Log, str, str], None]
    rules: Callable[[], Watched]
    precerts: bool = True
    unreadable: Callable[[str], None] = lambda _: None  # that the log serves entries that can't be read
    accepted: Callable[[Block], bool] = lambda _: False  # whether a human accepted this one, which was not signed


class Backfiller:
    """Reads what is not verified yet of [start, end) of one log."""

    def __init__(
        self,
        client: LogClient,
        span: Span,
        head: Head,
        takers: Takers,
        *,
        reverse: bool,
        reading: Reading,
        budget: Budget,
        clock: Clock,
        executor: Executor | None = None,
    ) -> None:
        """`head` covers the range: all is proven to it. Stretches have at most `verify_entries` of `reading`."""
        self.client = client
        self.span = span
        self._head = head
        self.reverse = reverse
        self.doubtful: list[Span] = []  # not what the log signed, though read twice
        self._out = takers
        self._stretch = 1 << (max(reading.verify_entries, 1).bit_length() - 1)
        self._budget = budget
        self._clock = clock
        self._executor = executor
        self._mismatches: dict[Span, int] = {}
        self._open: Roots | None = None  # the stretch under way, kept where the log fails in the midst of it
        self._begun = False

    @property
    def log(self) -> Log:
        """The log that is read."""
        return self.client.log

    @property
    def total(self) -> int:
        """Entries of the range."""
        return self.span[1] - self.span[0]

    @property
    def done(self) -> int:
        """How many of them were read, or verified before."""
        left = self._left()
        if self._open is not None:
            begin, at = self._open.span[0], self._open.at
            left = [(start if start >= at or end <= begin else min(at, end), end) for start, end in left]
        return self.total - sum(end - start for start, end in left)

    def _left(self) -> list[Span]:
        return without(self.span, self._out.verified())

    def _next(self) -> Span | None:
        """The next stretch; None where nothing is left but what is doubtful."""
        left = without(self.span, joined([*self._out.verified(), *self.doubtful]))
        if not left:
            return None
        start, end = left[-1 if self.reverse else 0]
        if self.reverse:
            return max(start, (end - 1) // self._stretch * self._stretch), end
        return start, min(end, (start // self._stretch + 1) * self._stretch)

    async def run(self, wait: Callable[[], Awaitable[None]]) -> None:
        """Reads until nothing is left. `wait` returns when the next stretch may begin. Raises Unproven for a block that
        is not what the log signed, though it was read twice; other RemoteErrors, Malformed: to be run again later."""
        if not self._begun:
            self._out.forget(self._left())
            self._begun = True
        while True:
            await wait()
            span = self._next()
            if span is None:
                return
            try:
                await self._take(span)
            except Unverified as error:
                self._open = None  # read again, whatever becomes of it
                self._doubt(span, error)
            self._open = None

    def _doubt(self, span: Span, error: Unverified) -> None:
        """Read again once; what a human accepted is left out then, and told. Raises Unproven for the rest."""
        self._mismatches[span] = self._mismatches.get(span, 0) + 1
        left = without(span, self._out.verified())
        self._out.forget(left)
        if self._mismatches[span] == 1:
            self._out.notice(self.log, f"{error}: reads them again", "warning")
        elif isinstance(error, Unproven) and not self._out.accepted(error.block):
            raise error
        else:
            self.doubtful += left
            self._out.alarm(str(error))

    async def _take(self, span: Span) -> None:
        if self._open is None or self._open.span != span:
            self._open = Roots(span, keep=span in self._mismatches)
        roots = self._open
        window = Window(
            self.client,
            roots.at,
            roots.end,
            self._head.size,
            budget=self._budget,
            clock=self._clock,
            parallel=PARALLEL,
        )
        async with window:
            while (group := await window.next()) is not None:
                try:
                    await self._accept(group, roots)
                finally:
                    group.give()
        await self._prove(roots)

    async def _accept(self, group: Group, roots: Roots) -> None:
        rules = self._out.rules()

        def work() -> tuple[Page, Scan]:
            page = self.client.decode(group.answers)
            group.answers.clear()  # the bodies: the page has its own bytes
            page = page.slice(max(page.first, roots.at), min(page.end, roots.end))
            scan = rules.matcher.scan(page, precerts=self._out.precerts)
            roots.append(page)
            return page, scan

        page, scan = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        if self.client.alarm:
            self._out.unreadable(self.client.alarm)
        roots.quarantined += [page.first + position for position, _ in scan.quarantined]
        try:
            await self._out.accept(Arrival(self.log, page, scan, rules))
        except BaseException:
            self._open = None  # it was hashed, and nobody took care of it
            raise

    async def _prove(self, roots: Roots) -> None:
        """Hands on the blocks that are proven; raises Unverified for the first that is not, when all were looked at."""
        wrong: list[Unproven] = []
        head = self._head
        for (level, index), leaf, root in roots.blocks:
            start, end = index << level, (index + 1) << level
            block = Block(
                log_id=self.log.id,
                level=level,
                index=index,
                root=root,
                path=await patiently(partial(self.client.siblings, level, index, leaf, head), self._clock),
                head=head,
                quarantined=sum(start <= one < end for one in roots.quarantined),
                at=self._clock.now(),
            )
            try:
                if not block.holds():
                    raise Unverified(
                        f"{named(start, end)}are not proven to be in the signed head of size {head.size} (root "
                        f"{head.root.hex()}): {hashed(root)}"
                    )
                self._out.proven(block)
            except Unverified as error:
                wrong.append(Unproven(str(error), block, roots.leaves_of(start, end)))
        if wrong:
            raise next((one for one in wrong if not self._out.accepted(one.block)), wrong[0])


async def agree(client: LogClient, head: Head, others: Sequence[Head]) -> None:
    """Returns where the newest of `others`, heads that were proven to before, and `head` are of one tree.

    Raises Disagreement where they contradict each other, other RemoteErrors where the log gives no proof.
    """
    newest = max(others, key=lambda one: (one.size, one.timestamp), default=head)
    if newest.root == head.root and newest.size == head.size:
        return
    if newest.size == head.size:
        text = f"signed two heads of size {head.size}, with roots {newest.root.hex()} and {head.root.hex()}"
        raise Disagreement(f"{client.log.url}: {text}", newest, head)
    older, newer = sorted((newest, head), key=lambda one: one.size)
    try:
        await client.precedes(older, newer)
    except Unverified as error:
        raise Disagreement(str(error), older, newer) from error


async def gather(witness: Witness, error: Unproven | Disagreement, blocks: Mapping[int, Block]) -> Evidence | None:
    """What shows it; None where nothing does: a proof that does not hold is a bad answer, and no other tree.

    `blocks`: those of the log that were proven before, by their first entry.
    """
    if isinstance(error, Disagreement):
        found = await witness.of_two(str(error), error.older, error.newer)
        return found if judge(found).verdict is Verdict.PROOF else None
    block = error.block
    beside = blocks.get((block.index ^ 1) << block.level)
    if block.holds() and beside is not None:  # it is proven, and so was its sibling, which is another one now
        return await witness.of_two(str(error), *sorted((beside.head, block.head), key=lambda one: one.size))
    if not await witness.other_block(block):
        return None
    found = await witness.of_block(str(error), block, error.leaves)
    return found if judge(found).verdict is not Verdict.NOTHING else None
