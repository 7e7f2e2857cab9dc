"""Entries that were verified once, fetched again and hashed against the ledger's edges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from certhia._core import Edge
from certhia.clock import Clock
from certhia.errors import Malformed, RemoteError, Unverified
from certhia.logs.budget import Budget
from certhia.logs.client import LogClient
from certhia.logs.patience import patiently
from certhia.logs.window import Window
from certhia.model import Step
from certhia.store.reading import LedgerRow

MEMORY: Final = 32_000_000  # bytes of answers at once
PARALLEL: Final = 4
LOOKED_INTO: Final = 1 << 20  # entries of a range in which the first one that differs is looked for: 32 MiB of hashes


@dataclass(frozen=True, slots=True)
class Difference:
    """Entries [start, end) are not what was verified, or can't be had any more."""

    start: int
    end: int
    what: str
    unread: bool = False  # nothing is known to be wrong: the log did not give them


class Again:
    """Reads one log's verified ranges again."""

    def __init__(self, client: LogClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self.checked = 0  # entries

    async def check(self, rows: AsyncIterator[LedgerRow]) -> AsyncIterator[Difference]:
        """What differs, range by range, as the ledger has them; `rows` are those of one log, in order."""
        size: int | None = None  # of the newest head: what is asked for is what the log serves now
        edge: Edge | None = None
        async for row in rows:
            step = row.step
            after = Edge(step.end, step.edge)
            if edge is not None and edge.size == step.start < step.end and not step.note:
                try:
                    if size is None:
                        size = (await patiently(self._client.head, self._clock)).size
                    found = await self._read(edge, step, max(size, step.head.size))
                except (RemoteError, Malformed) as error:
                    found = Difference(step.start, step.end, str(error), unread=True)
                if found is not None:
                    yield found
            edge = after  # the ledger's own, whatever was read: each range is judged alone

    async def _read(self, before: Edge, step: Step, size: int) -> Difference | None:
        """Raises RemoteError, Malformed."""
        edge, hashes = before.copy(), bytearray()
        keep = step.end - step.start <= LOOKED_INTO
        budget = Budget(MEMORY)
        window = Window(self._client, step.start, step.end, size, budget=budget, clock=self._clock, parallel=PARALLEL)
        async with window:
            while (group := await window.next()) is not None:
                try:
                    page = await asyncio.to_thread(self._client.decode, group.answers)
                finally:
                    group.give()
                page = page.slice(edge.size, step.end)
                edge.append_page(page)
                self.checked += len(page)
                if keep:
                    hashes += page.leaf_hashes
        if edge.hashes == step.edge:
            return None
        return await self._where(before, step, bytes(hashes))

    async def _where(self, before: Edge, step: Step, hashes: bytes) -> Difference:
        """The first entry that differs, as far as the log still proves what it signed."""
        whole = Difference(step.start, step.end, "entries of this range are not those that were verified")
        if not hashes:
            return whole
        low, high = step.start, step.end  # the first `low` entries agree, the first `high` do not
        try:
            while high - low > 1:
                middle = (low + high) // 2
                ours = before.copy()
                ours.append(hashes[: (middle - step.start) * 32])
                true = await patiently(lambda size=middle: self._client.edge(step.head, size), self._clock)  # type: ignore[misc]
                low, high = (middle, high) if ours.hashes == true.hashes else (low, middle)
        except Unverified as error:
            return Difference(whole.start, whole.end, f"{whole.what}; the log no longer proves them: {error}")
        except (RemoteError, Malformed) as error:
            return Difference(whole.start, whole.end, f"{whole.what}; which can't be told: {error}")
        return Difference(low, high, "is not the entry that was verified; later ones may differ too")
