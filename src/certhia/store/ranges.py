"""What the ledger of one log says when it is read through: ranges verified, ranges skipped and why, heads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from certhia.model import Head
from certhia.store.reading import LedgerRow


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


async def account(rows: AsyncIterator[LedgerRow]) -> Account:
    """Reads the rows of one log, in order; memory for each change between verified and skipped, not for each row."""
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
    return read
