"""Which matches a module gets: the rules of its `only` are held against the certificate, while that is at hand.

A match has no longer all that rules may ask for, such as each name in the issuer's name. So what they say is noted when
the match is read, and asked for once it is told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from certhia._core import Entry
from certhia.errors import Malformed
from certhia.model import Match, Watched
from certhia.modules.seat import Seat

HELD: Final = 10_000  # matches that are noted: those of a page, while they wait for the state


class Choosing:
    """What rules say of matches. `seats`: the modules that see matches, as of now."""

    def __init__(self, seats: Callable[[], Sequence[Seat]]) -> None:
        self._seats = seats
        self._known: OrderedDict[bytes, dict[Watched, bool]] = OrderedDict()

    def read(self, match: Match, entry: Entry) -> None:
        """Takes down which modules want a match, by its certificate."""
        rules = {seat.only for seat in self._seats() if seat.only is not None}
        if not rules or all(hit.why == "everything" for hit in match.hits):  # such a match is handed to no module
            return
        try:
            certificate = entry.certificate
        except Malformed:
            return
        self._known[match.key] = {one: bool(one.matcher.certificate(certificate)) for one in rules}
        self._known.move_to_end(match.key)
        while len(self._known) > HELD:
            self._known.popitem(last=False)

    def wants(self, seat: Seat, match: Match) -> bool:
        """Whether a module gets a match; of one that was never read, its names say so."""
        if seat.only is None:
            return True
        told = self._known.get(match.key, {}).get(seat.only)
        return bool(seat.only.matcher.match(match.names)) if told is None else told
