"""What the ledger of one log says when it is read through: ranges verified, ranges skipped and why, heads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from certhia.model import Head
from certhia.store.blocks import Block
from certhia.store.reading import LedgerRow
from certhia.store.spans import without


@dataclass(slots=True)
class Range:
    """Consecutive entries [start, end), all verified or all skipped."""

    start: int
    end: int
    quarantined: int  # of them
    steps: int
    first: Head  # that the first step was proven to
    last: Head
    note: str = ""  # why it was skipped; "" where it was verified

    @property
    def count(self) -> int:
        """How many entries."""
        return self.end - self.start


@dataclass(slots=True)
class Account:
    """A log's ledger, read through. `anchor`: where following began."""

    anchor: int | None = None
    ranges: list[Range] = field(default_factory=list)

    @property
    def verified(self) -> list[Range]:
        """Those that were proven, in order."""
        return [one for one in self.ranges if not one.note]

    @property
    def gaps(self) -> list[Range]:
        """Those that were skipped, in order."""
        return [one for one in self.ranges if one.note]


async def account(rows: AsyncIterator[LedgerRow], blocks: Sequence[Block] = ()) -> Account:
    """Reads the rows of one log, in order, and its blocks; memory for each change between verified and skipped, not for
    each row. Verified ranges that touch are one, whichever way they were proven."""
    read = Account()
    async for row in rows:
        step = row.step
        if read.anchor is None:
            read.anchor = step.start
        if step.start == step.end:
            continue
        last = read.ranges[-1] if read.ranges else None
        if last is not None and last.end == step.start and last.note == step.note:
            last.end, last.last = step.end, step.head
            last.quarantined += step.quarantined
            last.steps += row.merged
        else:
            read.ranges.append(
                Range(step.start, step.end, step.quarantined, row.merged, step.head, step.head, step.note)
            )
    if blocks:
        read.ranges = _with_blocks(read, blocks)
    return read


def _with_blocks(read: Account, blocks: Sequence[Block]) -> list[Range]:
    """The ranges and the blocks in order, joined; of what was skipped only what no block has."""
    more = [Range(one.start, one.end, one.quarantined, one.merged, one.head, one.head) for one in blocks]
    verified = sorted([*read.verified, *more], key=lambda one: (one.start, one.end))
    out: list[Range] = []
    for one in verified:
        last = out[-1] if out else None
        if last is not None and one.start <= last.end:
            last.end = max(last.end, one.end)
            last.quarantined += one.quarantined
            last.steps += one.steps
            last.first = min(last.first, one.first, key=_size)
            last.last = max(last.last, one.last, key=_size)
        else:
            out.append(one)
    taken = [(one.start, one.end) for one in out]
    for gap in read.gaps:
        out += [replace(gap, start=start, end=end) for start, end in without((gap.start, gap.end), taken)]
    return sorted(out, key=lambda one: one.start)


def _size(head: Head) -> int:
    return head.size
