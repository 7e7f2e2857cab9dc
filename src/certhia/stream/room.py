"""Room for the filters of all clients: what they take together is bounded, so that those that are let in can always be
compiled to one table. A filter counts once, however many clients want it."""

from __future__ import annotations

from typing import Final

from certhia._core import Filter
from certhia.errors import ConfigError

MOST: Final = 64 << 20  # bytes of compiled expressions, as the core has it
PARTS: Final = 1_000_000  # filters and rules, likewise


class Room:
    """What filters take.

    Attributes:
        held: bytes of expressions.
        parts: filters and rules.
    """

    def __init__(self, most: int = MOST) -> None:
        self.held = 0
        self.parts = 0
        self._most = most
        self._uses: dict[Filter, int] = {}

    def check(self, wanted: Filter) -> None:
        """Raises ConfigError, whose text is for the client, where one more does not fit. Who has no expressions is not
        kept out by those of others."""
        if wanted in self._uses:
            return
        size = wanted.compiled
        if size and self.held + size > self._most:
            raise ConfigError(
                "there is no room for more regular expressions now: those of all clients take "
                f"{self._most >> 20} MiB together; come again later, or with simpler ones"
            )
        if self.parts + 1 + len(wanted) > PARTS:
            raise ConfigError(f"there is no room for more rules now: all clients have {PARTS:,}; come again later")

    def take(self, wanted: Filter | None) -> None:
        """It is wanted once more."""
        if wanted is None:
            return
        uses = self._uses.get(wanted, 0)
        self._uses[wanted] = uses + 1
        if not uses:
            self.held += wanted.compiled
            self.parts += 1 + len(wanted)

    def give(self, wanted: Filter | None) -> None:
        """It is wanted once less."""
        if wanted is None:
            return
        uses = self._uses[wanted] - 1
        if uses:
            self._uses[wanted] = uses
        else:
            del self._uses[wanted]
            self.held -= wanted.compiled
            self.parts -= 1 + len(wanted)
