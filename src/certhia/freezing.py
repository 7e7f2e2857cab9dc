"""Logs that contradicted themselves: their evidence as files, and which are frozen until a human accepts."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from certhia.clock import Clock, utc
from certhia.logs import kept
from certhia.logs.evidence import Evidence, encode
from certhia.logs.reading import Origin
from certhia.model import Log, Tell
from certhia.quantity import Point
from certhia.store import Freeze, Position, State

FOLDER: Final = "evidence"  # of the state
ACCEPT: Final = "accept"  # the request that a frozen log go on; its payload is the log's id, hex


class Freezing:
    """Which logs are frozen; one for each run."""

    def __init__(self, state: State, tell: Tell, clock: Clock) -> None:
        self._state = state
        self._tell = tell
        self._clock = clock
        self._last: dict[bytes, Freeze] = {}  # by log id

    async def recall(self) -> None:
        """Takes up what earlier runs left. Raises StateError."""
        self._last = {one.log_id: one for one in await self._state.freezes()}

    def origin(self, log: Log, point: Point, position: Position | None) -> Origin:
        """Where to begin with a log: at its verified position, frozen or not, or at `point`."""
        last, end = self._last.get(log.id), position.end if position is not None else None
        freeze = last if last is not None and (last.accepted is None or last.position == end) else None
        if position is None:
            return Origin(point, freeze=freeze)
        return Origin(point, position.end, position.edge, position.head, position.at, freeze)

    async def freeze(self, evidence: Evidence, _position: int | None) -> Freeze:
        """Keeps the evidence as a file, then that the log is frozen. Raises StateError for the latter alone: a log is
        frozen also where its evidence can't be written, which is said."""
        log = evidence.log
        freeze = Freeze(
            log.id,
            self._state.writer.position(log.id),
            evidence.at,
            evidence.reason,
            await self._keep(evidence),
        )
        self._state.writer.freeze(freeze)
        await self._state.writer.durable()
        self._last[log.id] = freeze
        return freeze

    async def _keep(self, evidence: Evidence) -> str:
        """The file's path; "" where it could not be written."""
        content, log = encode(evidence), evidence.log
        words = re.sub(r"[^a-z0-9]+", "-", (log.description or log.origin).lower()).strip("-")[:60]
        digest = hashlib.sha256(content).hexdigest()[:12]
        path = self._state.directory / FOLDER / f"{words}-{utc(evidence.at):%Y%m%dT%H%M%SZ}-{digest}.json"
        try:
            await asyncio.to_thread(kept.replace, path, content)
        except OSError as error:
            text = f"{path}: the evidence could not be written: {error.strerror or error}: make room, see to its rights"
            self._tell(text, level="error", log=log.description or log.url)
            return ""
        return str(path)

    async def accept(self, payload: str, again: Callable[[bytes], None]) -> str:
        """Takes up a request that a log go on; gives the answer. `again` has its follower begin anew. Raises
        StateError."""
        try:
            log_id = bytes.fromhex(payload)
        except ValueError:
            return "failed: the request makes no sense"
        freeze = await self._state.accept(log_id)
        if freeze is None:
            return "the log is not frozen: nothing to accept"
        self._last[log_id] = replace(freeze, accepted=self._clock.now())
        again(log_id)
        return accepted(freeze)


def accepted(freeze: Freeze) -> str:
    """What to tell whoever accepted it."""
    where = f"from its verified position {freeze.position}" if freeze.position is not None else "from where it began"
    return f"accepted, and recorded in the ledger: goes on {where}"
