"""Entries that are read once more, for rules that are new: proven once more, and told of once they are.

They may be verified already: then the ledger has nothing to gain, and what was found in them before stays as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from certhia.logs.backfill import Takers
from certhia.model import Arrival, Watched
from certhia.store.blocks import Block
from certhia.store.spans import Span, joined, without


class Rereading:
    """What becomes of one log's entries. `spans`: those that were read again, and proven."""

    def __init__(self, takers: Takers, rules: Watched, *, verified: Callable[[], Sequence[Span]]) -> None:
        """`takers`: as of a backfill for all rules. `verified`: what the ledger has."""
        self.spans: list[Span] = []
        self._known = verified
        self._held: list[Arrival] = []
        self._out = takers
        self.takers = replace(
            takers,
            accept=self._accept,
            proven=self._proven,
            verified=lambda: self.spans,
            forget=self._forget,
            rules=lambda: rules,
        )

    def waiting(self, wait: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """`wait`, once what is proven by now was told."""

        async def then() -> None:
            await self.tell()
            await wait()

        return then

    async def tell(self) -> None:
        """Tells of what was found in what is proven by now."""
        held, self._held = self._held, []
        for one in held:
            span = one.page.first, one.page.end
            if without(span, self.spans):
                self._held.append(one)
            else:
                await self._out.accept(replace(one, verified=self._is_known(one)))

    def _is_known(self, arrival: Arrival) -> bool:
        """Whether the ledger has every entry in which something was found."""
        found = [arrival.page.first + position for position, _ in arrival.scan.hits]
        return not any(without((index, index + 1), self._known()) for index in found)

    async def _accept(self, arrival: Arrival) -> None:
        if arrival.scan.hits:
            self._held.append(arrival)

    def _proven(self, block: Block) -> None:
        span = block.start, block.end
        if without(span, self._known()) == [span]:
            self._out.proven(block)  # it is news to the ledger
        self.spans = joined([*self.spans, span])

    def _forget(self, spans: Sequence[Span]) -> None:
        self._held = [one for one in self._held if not _meet((one.page.first, one.page.end), spans)]


def _meet(span: Span, spans: Sequence[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in spans)
