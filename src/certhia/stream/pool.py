"""The memory that waits for slow clients, all together: a block counts once, however many clients it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from certhia.stream.client import Block


@dataclass(slots=True)
class Pool:
    """Blocks that wait, and how much they take.

    Attributes:
        most: bytes that may wait, all together.
        held: bytes that wait now.
    """

    most: int
    held: int = 0
    _uses: dict[int, int] = field(default_factory=dict)  # clients that a block waits for, by its identity

    def fits(self, block: Block) -> bool:
        """Whether it may wait for one more client."""
        return id(block) in self._uses or self.held + len(block.data) <= self.most

    def hold(self, block: Block) -> None:
        """It waits for one more client."""
        uses = self._uses.get(id(block), 0)
        self._uses[id(block)] = uses + 1
        if not uses:
            self.held += len(block.data)

    def give(self, block: Block) -> None:
        """It waits for one client less."""
        uses = self._uses[id(block)] - 1
        if uses:
            self._uses[id(block)] = uses
        else:
            del self._uses[id(block)]
            self.held -= len(block.data)
