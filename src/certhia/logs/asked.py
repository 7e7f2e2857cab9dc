"""How much each server was asked for, and what for: politeness, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from certhia.net import Response, Transport


class Reason(StrEnum):
    """What a request was for."""

    HEAD = "head"
    ENTRIES = "entries"
    PROOF = "proof"
    ISSUER = "issuer"
    LIST = "list"


class Outcome(StrEnum):
    """How it went: `failed` is anything but an answer of status 200, `rejected` one that was not believed."""

    OK = "ok"
    THROTTLED = "throttled"
    FAILED = "failed"
    REJECTED = "rejected"


_HEADS: Final = ("checkpoint", "ct/v1/get-sth")
_ENTRIES: Final = ("tile/data/", "tile/names/", "tile/entries/", "ct/v1/get-entries")


def reason_of(path: str) -> Reason:
    """What a request below a log's URL is for; `path` may have a query."""
    plain = path.partition("?")[0]
    if plain in _HEADS:
        return Reason.HEAD
    if plain.startswith(_ENTRIES):
        return Reason.ENTRIES
    return Reason.ISSUER if plain.startswith("issuer/") else Reason.PROOF  # hash tiles, get-sth-consistency, ...


class Asked:
    """Requests to one server, by reason and outcome."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Reason, Outcome]] = Counter()

    def note(self, reason: Reason, outcome: Outcome) -> None:
        """One more."""
        self._counts[reason, outcome] += 1

    def reject(self, reason: Reason) -> None:
        """The last answer of those that were ok is dropped: a signature does not hold, or it makes no sense."""
        self._counts[reason, Outcome.OK] -= 1
        self._counts[reason, Outcome.REJECTED] += 1

    def count(self, reason: Reason | None = None, outcome: Outcome | None = None) -> int:
        """How many there were: for that reason, with that outcome, where these are given."""
        return sum(
            count for (why, how), count in self._counts.items() if reason in (None, why) and outcome in (None, how)
        )

    def as_json(self) -> dict[str, dict[str, int]]:
        """Counts by reason, then by outcome; what never happened is left out."""
        told: dict[str, dict[str, int]] = {}
        for (reason, outcome), count in sorted(self._counts.items()):
            if count:
                told.setdefault(reason.value, {})[outcome.value] = count
        return told

    @classmethod
    def sum(cls, several: Iterable[Asked]) -> Asked:
        """All of them together."""
        total = cls()
        for one in several:
            total._counts.update(one._counts)
        return total


class Counted:
    """A transport whose every request is counted, for one reason."""

    def __init__(self, inner: Transport, asked: Asked, reason: Reason) -> None:
        self._inner = inner
        self._asked = asked
        self._reason = reason

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        """As `certhia.net.Transport.get`."""
        outcome = Outcome.FAILED
        try:
            answer = await self._inner.get(url, headers=headers, cap=cap, timeout=timeout)
            if answer.status == 200:
                outcome = Outcome.OK
            elif answer.status == 429:
                outcome = Outcome.THROTTLED
        finally:
            self._asked.note(self._reason, outcome)
        return answer

    async def close(self) -> None:
        """As `certhia.net.Transport.close`."""
        await self._inner.close()
