"""Rules that match nothing, for those who want pages as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from certhia._core import Matcher
from certhia.model import RuleHit

if TYPE_CHECKING:
    from certhia.model import Hit


class Nothing:
    """A `Watched` without rules."""

    matcher = Matcher(())

    def hits(self, _found: Sequence[Hit]) -> tuple[RuleHit, ...]:
        """None: nothing is found."""
        return ()

    def is_streamed(self, _hits: Sequence[RuleHit]) -> bool:
        """There is no such match."""
        return True


NOTHING: Final = Nothing()
