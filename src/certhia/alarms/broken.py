"""Promises that logs broke, as `certhia prove` found them: on the board of whoever follows, as long as that runs, or
until it finds one kept after all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from certhia.alarms.board import Found
from certhia.clock import Clock
from certhia.model import Alarm

PROMISE: Final = "promise"  # the request; its payload is made by `payload`
MOST: Final = 100  # alarms, and requests that nobody takes up; the oldest go
LASTS: Final = 7 * 86_400.0  # seconds: a request that nobody took up for longer is over; who asked was told at once
LONGEST: Final = 4000  # characters of one


@dataclass(frozen=True, slots=True)
class Word:
    """What to leave for the follower of one promise, found at `at` (Unix seconds). `log`: what people call it; `text`:
    how it was broken, empty where it is kept."""

    log: str
    log_id: bytes
    leaf_hash: bytes
    at: float
    text: str = ""


def payload(word: Word) -> str:
    """The request's."""
    promise = hashlib.sha256(word.log_id + word.leaf_hash).hexdigest()[:16]
    return json.dumps({"log": word.log[:LONGEST], "promise": promise, "at": word.at, "text": word.text[:LONGEST]})


class Broken:
    """Those that are known of in this run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._alarms: dict[str, Alarm] = {}  # by key

    @property
    def found(self) -> list[Found]:
        """For the board."""
        return [Found(alarm) for alarm in self._alarms.values()]

    async def take(self, asked: str) -> str:
        """Takes up a request; gives the answer."""
        try:
            fields = json.loads(asked)
            log, promise, at, text = (fields[name] for name in ("log", "promise", "at", "text"))
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            return f"failed: the request makes no sense: {type(error).__name__}"
        if not all(isinstance(one, str) for one in (log, promise, text)) or not isinstance(at, int | float):
            return "failed: the request makes no sense: log, promise and text are texts, at is a number"
        key = f"promise:{promise[:16]}"
        self._alarms.pop(key, None)
        if not text:
            return "done"
        if self._clock.now() - at > LASTS:
            return "too old: prove it again"
        self._alarms[key] = Alarm(key, text[:LONGEST], log=log[:LONGEST])
        while len(self._alarms) > MOST:
            del self._alarms[next(iter(self._alarms))]
        return "done"
