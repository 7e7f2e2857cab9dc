"""Promises that logs broke, as `certhia prove` found them: on the board of whoever follows, as long as that runs."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from certhia.alarms.board import Found
from certhia.model import Alarm

PROMISE: Final = "promise"  # the request; its payload is made by `payload`
MOST: Final = 100  # alarms; the oldest go
LONGEST: Final = 4000  # characters of one


def payload(log: str, text: str) -> str:
    """What to leave for the follower. `log`: what people call it."""
    return json.dumps({"log": log[:LONGEST], "text": text[:LONGEST]})


class Broken:
    """Those that are known of in this run."""

    def __init__(self) -> None:
        self._alarms: dict[str, Alarm] = {}  # by key

    @property
    def found(self) -> list[Found]:
        """For the board: what is told here once stays until the run ends."""
        return [Found(alarm) for alarm in self._alarms.values()]

    async def take(self, asked: str) -> str:
        """Takes up a request; gives the answer."""
        try:
            fields = json.loads(asked)
            log, text = fields["log"], fields["text"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            return f"failed: the request makes no sense: {type(error).__name__}"
        if not isinstance(log, str) or not isinstance(text, str):
            return "failed: the request makes no sense: log and text are texts"
        log, text = log[:LONGEST], text[:LONGEST]
        key = f"promise:{hashlib.sha256(f'{log}: {text}'.encode()).hexdigest()[:16]}"
        self._alarms.setdefault(key, Alarm(key, text, log=log))
        while len(self._alarms) > MOST:
            del self._alarms[next(iter(self._alarms))]
        return "done"
