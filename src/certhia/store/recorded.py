"""What the ledger knows of a log's tree at one size: who shows another one there contradicts what is stored."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select

from certhia._core import Edge
from certhia.model import Head, Step
from certhia.store.blocks import row_block
from certhia.store.ledger import row_step
from certhia.store.reading import Reader
from certhia.store.schema import blocks, logs, steps


@dataclass(frozen=True, slots=True)
class Recorded:
    """A signed head, or hashes of the log's that lead to one.

    Attributes:
        root: of the tree of the size that was asked for.
        head: of that size; with `step` a larger one, to which the edge of the step leads.
        at: when it was proven, Unix seconds.
    """

    root: bytes
    head: Head
    at: float
    step: Step | None = None


async def recorded(state: Reader, log_id: bytes, size: int, since: float = -1.0) -> list[Recorded]:
    """What is known of the tree of `size` entries, signed heads first: of what was proven after `since` (Unix seconds).

    Rows of the ledger are merged by the hour, so of most sizes nothing is known. Raises StateError.
    """
    found: dict[tuple[bytes, bool], Recorded] = {}
    query = (
        select(steps)
        .join(logs)
        .where(logs.c.log_id == log_id, steps.c.at > since, or_(steps.c.head_size == size, steps.c.end == size))
        .order_by(steps.c.seq)
    )
    async for row in state.stream(query):
        step = row_step(row, log_id)
        if step.head.size == size:
            found.setdefault((step.head.root, False), Recorded(step.head.root, step.head, step.at))
        else:
            root = Edge(step.end, step.edge).root()
            found.setdefault((root, True), Recorded(root, step.head, step.at, step))
    query = select(blocks).join(logs).where(logs.c.log_id == log_id, blocks.c.at > since, blocks.c.head_size == size)
    async for row in state.stream(query):
        block = row_block(row, log_id)
        found.setdefault((block.head.root, False), Recorded(block.head.root, block.head, block.at))
    return sorted(found.values(), key=lambda one: one.step is not None)
