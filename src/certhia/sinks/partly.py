"""What was told of a batch that failed: those are left out when the rest is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from certhia.model import Delivery

REMEMBERED: Final = 10_000


class Partly:
    """Which deliveries were told in a `send` that failed further on. It lives as long as the process: after that they
    are told again."""

    def __init__(self) -> None:
        self._told: set[int] = set()

    def left(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Those that are still to be told."""
        return [one for one in deliveries if one.id not in self._told]

    def answered(self, left: Sequence[Delivery], failures: Sequence[BaseException | None]) -> None:
        """Of these, those without a failure are told."""
        for one, failure in zip(left, failures, strict=True):
            if failure is None:
                self.told(one)

    def told(self, delivery: Delivery) -> None:
        """It is told."""
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told.add(delivery.id)

    def done(self, deliveries: Sequence[Delivery]) -> None:
        """All of them are told: nothing is to be kept in mind."""
        self._told.difference_update(one.id for one in deliveries)
