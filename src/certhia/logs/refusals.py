"""Older heads of one log that it shows and does not prove: each is asked about again, and told when that lasts."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from certhia.logs.contradiction import Files, Sight
from certhia.logs.reading import Outlets
from certhia.logs.status import Status
from certhia.logs.verify import Verifier

REFUSED: Final = 900.0
"""Seconds of refusals until they are an alarm: three times the interval between two looks at alarms. A front end that
restarts, or is busy, answers within one; no log needs a quarter of an hour for hashes that it has."""
ASKED: Final = 3  # times, at least
KEPT: Final = 16  # heads, of at most 1 MiB each; a log that refuses more of them is told of by these


@dataclass(slots=True)
class _Refusal:
    sight: Sight
    since: float  # Unix seconds
    times: int = 0
    told: str = ""  # the alarm


class Refusals:
    """Those of one log. Asked about in turn, one at a poll."""

    def __init__(self, status: Status, outlets: Outlets, verifier: Verifier) -> None:
        self._status = status
        self._verifier = verifier
        self._files = Files(outlets.keep)
        self._kept: OrderedDict[tuple[int, bytes], _Refusal] = OrderedDict()  # by size and root

    def carry(self, before: Refusals) -> None:
        """Takes over those of the follower that ran before for the same log, with what was told of them."""
        self._kept, self._files = before._kept.copy(), before._files

    def clear(self) -> None:
        """None of them counts any more; nor does the alarm."""
        for refusal in tuple(self._kept.values()):
            self.settled(refusal.sight)

    def knows(self, sight: Sight) -> bool:
        """Whether it is one of them."""
        return _key(sight) in self._kept

    def next(self, below: int) -> Sight | None:
        """Which one to ask about now, smaller than `below`; None where there is none."""
        return next((one.sight for one in self._kept.values() if one.sight.head.size < below), None)

    async def refused(self, older: Sight, larger: Sight, now: float) -> None:
        """The log gave no proof that `older` is the beginning of `larger`, at `now` (Unix seconds).

        Raises StateError where the evidence can't be kept.
        """
        key = _key(older)
        if key not in self._kept and len(self._kept) >= KEPT:
            return
        refusal = self._kept.setdefault(key, _Refusal(older, now))
        self._kept.move_to_end(key)
        refusal.times += 1
        if refusal.told or refusal.times < ASKED or now - refusal.since < REFUSED:
            return
        if any(one.told for one in self._kept.values()):
            return  # told of one is told of the log
        reason = (
            f"shows a head of {older.head.size} entries (root {older.head.root.hex()}) and refuses to prove that it is "
            f"the beginning of its larger ones: asked {refusal.times} times in {(now - refusal.since) / 60:.0f} min"
        )
        file = await self._files.keep(older, lambda: self._verifier.witness.of_heads(reason, older, larger))
        refusal.told = f"{reason}{f'; evidence: {file}, for `certhia verify-evidence`' if file else ''}"
        self._verifier.alarm(refusal.told)

    def settled(self, sight: Sight) -> None:
        """It was proven, or contradicted: an alarm about it is over."""
        refusal = self._kept.pop(_key(sight), None)
        if refusal is not None and refusal.told in self._status.alarms:
            self._status.alarms.remove(refusal.told)


def _key(sight: Sight) -> tuple[int, bytes]:
    return sight.head.size, sight.head.root
