"""What waits in the outbox, or was given up, as people look at it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from certhia.model import Match
from certhia.store.schema import DEAD, DONE, DROPPED, HELD, PENDING

NAMES: Final = {PENDING: "waiting", DONE: "delivered", HELD: "held", DEAD: "dead", DROPPED: "dropped"}
LISTED: Final = (PENDING, HELD, DEAD)


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery.

    Attributes:
        state: a key of `NAMES`.
        attempts: that failed.
        next_at: Unix seconds: of the next attempt, of a dead one when it was given up; None where nothing was tried.
        error: why the last attempt failed, of those aside.
    """

    id: int
    sink: str
    state: int
    attempts: int
    next_at: float | None
    error: str
    match: Match


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are meant. What is empty asks for nothing."""

    sink: str = ""
    states: Collection[int] = LISTED
    ids: Sequence[int] = ()
    after: int = 0
    limit: int = 500
