"""Heads that a log signed and took back. Each is a promise: the log has its entries, or its word is broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from certhia.logs.contradiction import Files, Sight
from certhia.logs.reading import Outlets
from certhia.logs.status import Status, longest_silence
from certhia.logs.verify import Verifier
from certhia.model import Log

FAR: Final = 1 << 20  # entries: no front end lags so far behind another
KEPT: Final = 4  # claims, of at most 1 MiB each; a log that makes more of them is told of by these


class Claims:
    """Those of one log. One that is overdue is told, with both heads as evidence: an alarm until the log has lived up
    to it. Others stay silent meanwhile."""

    def __init__(self, log: Log, status: Status, outlets: Outlets, verifier: Verifier) -> None:
        self._log = log
        self._status = status
        self._out = outlets
        self._verifier = verifier
        self._kept: dict[tuple[int, bytes], Sight] = {}  # by size and root
        self._told: tuple[Sight, str] | None = None  # the one that is an alarm now, and its words
        self._files = Files(outlets.keep)

    def carry(self, before: Claims) -> None:
        """Takes over those of the follower that ran before for the same log, with what was told of them."""
        self._kept, self._told, self._files = before._kept.copy(), before._told, before._files

    def clear(self) -> None:
        """None of them counts any more."""
        for claim in tuple(self._kept.values()):
            self.drop(claim)

    def add(self, claim: Sight, size: int) -> None:
        """A head, and when it was seen first, in whose place one of `size` entries came. Kept once, as it is."""
        key = _key(claim)
        if key in self._kept or len(self._kept) >= KEPT:
            return
        self._kept[key] = claim
        text = f"shows a head of {size} entries after one of {claim.head.size}: follows the smaller one until they come"
        self._out.notice(self._log, text, "warning" if claim.head.size - size > FAR else "debug")

    def drop(self, claim: Sight) -> None:
        """The log has lived up to it, or contradicted it: an alarm about it is over."""
        self._kept.pop(_key(claim), None)
        if self._told is None or _key(self._told[0]) != _key(claim):
            return
        if (text := self._told[1]) in self._status.alarms:
            self._status.alarms.remove(text)
        self._told = None

    def covered(self, size: int) -> Sequence[Sight]:
        """Those that a head of `size` entries covers."""
        return [claim for claim in self._kept.values() if claim.head.size <= size]

    async def look(self, newest: Sight, now: float) -> None:
        """Tells of a claim whose time is over. `newest`: the head that the log shows `now` (Unix seconds).

        A log includes what it promised within its MMD; that a head of it may be as old as that is no excuse for an
        entry that an older one covers. Raises StateError where the evidence can't be kept.
        """
        claim = next((one for one in self._kept.values() if self._is_overdue(one, newest, now)), None)
        if claim is None or self._told is not None:
            return
        reason = (
            f"signed a head of {claim.head.size} entries (root {claim.head.root.hex()}) and took it back: "
            f"{(now - claim.at) / 60:.0f} min later its head covers {newest.head.size}"
        )
        # In the order of their sight, the smaller one last: by that the file says that the other was taken back.
        file = await self._files.keep(claim, lambda: self._verifier.witness.of_heads(reason, claim, newest))
        self._told = claim, f"{reason}{f'; evidence: {file}, for `certhia verify-evidence`' if file else ''}"
        self._verifier.alarm(self._told[1])

    def _is_overdue(self, claim: Sight, newest: Sight, now: float) -> bool:
        return claim.head.size > newest.head.size and now - claim.at >= longest_silence(self._log)


def _key(claim: Sight) -> tuple[int, bytes]:
    return claim.head.size, claim.head.root
