"""Logs that contradicted themselves: their evidence as files, and which are frozen until a human accepts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs import accepted as agreed
from certhia.logs import kept
from certhia.logs.accepted import Accepted
from certhia.logs.evidence import Evidence, encode, file_name
from certhia.logs.reading import Origin
from certhia.model import Log
from certhia.quantity import Point
from certhia.store import Freeze, Position, State
from certhia.store.recorded import Recorded, recorded

FOLDER: Final = "evidence"  # of the state
UNWRITTEN: Final = "evidence"  # settings of the state: names of files to be written, and below it what is in each
NAMED: Final = "evidence names"  # settings of the state, by the log's id in hex: the trees that its freezes name
ACCEPT: Final = "accept"  # the request that a frozen log go on; its payload is the log's id, hex


class Freezing:
    """Which logs are frozen; one for each run."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.heard: Callable[[Log, bool], None] = lambda *_: None  # whether a log that is begun with stands frozen
        self._state = state
        self._clock = clock
        self._last: dict[bytes, Freeze] = {}  # by log id
        self._named: dict[bytes, Accepted] = {}  # by log id: what counts as accepted, once it is
        self._unwritten: list[str] = []  # names of files that are still to be written; what is in them is in the state
        self._committing: dict[bytes, asyncio.Task[None]] = {}  # by log id

    async def recall(self) -> None:
        """Takes up what earlier runs left: also evidence that they did not come to write. Raises StateError."""
        self._last = {one.log_id: one for one in await self._state.freezes()}
        for log_id in self._last:
            if (names := await self._state.recall(f"{NAMED} {log_id.hex()}")) is not None:
                self._named[log_id] = agreed.decode(names)
        self._unwritten = json.loads(await self._state.recall(UNWRITTEN) or "[]")
        for name in tuple(self._unwritten):
            content = await self._state.recall(f"{UNWRITTEN}/{name}")
            await self._write(name, (content or "").encode("ascii"))

    @property
    def standing(self) -> list[Freeze]:
        """Those that no human has accepted."""
        return [one for one in self._last.values() if one.accepted is None]

    def origin(self, log: Log, point: Point, position: Position | None) -> Origin:
        """Where to begin with a log: at its verified position, frozen or not, or at `point`."""
        last, end = self._last.get(log.id), position.end if position is not None else None
        freeze = last if last is not None and (last.accepted is None or last.position == end) else None
        named = self._named.get(log.id, Accepted())
        self.heard(log, freeze is not None and freeze.accepted is None)
        if position is None:
            return Origin(point, freeze=freeze, accepted=named)
        return Origin(point, position.end, position.edge, position.head, position.at, freeze, named)

    async def recorded(self, log: Log, size: int) -> Sequence[Recorded]:
        """What the ledger knows of the log's tree of `size` entries: of the view that was accepted last, if any was.
        Raises StateError."""
        last = self._last.get(log.id)
        return await recorded(
            self._state, log.id, size, -1.0 if last is None or last.accepted is None else last.accepted
        )

    async def freeze(self, evidence: Evidence, _position: int | None) -> Freeze:
        """Keeps that the log is frozen, and the evidence as a file; of a log that is frozen by then, the freeze that
        stands. Whoever is cancelled meanwhile goes when both are kept. Raises StateError; where it is the file that
        can't be written, both stand in the state by then, and the next start writes it."""
        log, writer = evidence.log, self._state.writer
        last = self._last.get(log.id)
        if last is None or last.accepted is not None:
            content = encode(evidence)
            name = file_name(evidence, content)
            last = Freeze(log.id, writer.position(log.id), evidence.at, evidence.reason, str(self._path(name)))
            self._remember(name, content)
            self._named[log.id] = named = self._named.get(log.id, Accepted()).and_also(evidence)
            writer.remember(f"{NAMED} {log.id.hex()}", named.encode())
            writer.freeze(last)
            self._last[log.id] = last  # from here on whoever begins with the log finds it frozen
            self._committing[log.id] = task = asyncio.get_running_loop().create_task(self._commit(name, content))
            task.add_done_callback(lambda _: self._committing.pop(log.id, None))
        self.heard(log, True)
        if (under_way := self._committing.get(log.id)) is not None:
            await _to_its_end(under_way)
        return last

    async def _commit(self, name: str, content: bytes) -> None:
        await self._state.writer.durable()
        await self._write(name, content)

    async def keep(self, evidence: Evidence) -> str:
        """Keeps evidence against a log that goes on; gives the file's path. Raises StateError as `freeze` does."""
        content = encode(evidence)
        name = file_name(evidence, content)
        self._remember(name, content)
        await self._state.writer.durable()
        await self._write(name, content)
        return str(self._path(name))

    def _path(self, name: str) -> Path:
        return self._state.directory / FOLDER / name

    def _remember(self, name: str, content: bytes) -> None:
        self._unwritten.append(name)
        self._state.writer.remember(UNWRITTEN, json.dumps(self._unwritten))
        self._state.writer.remember(f"{UNWRITTEN}/{name}", content.decode("ascii"))

    async def _write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        try:
            await asyncio.to_thread(kept.replace, path, content)
        except OSError as error:
            raise StateError(
                f"{path}: the evidence could not be written: {error.strerror or error}: make room, see to its rights; "
                "the next start writes it"
            ) from error
        self._unwritten.remove(name)
        self._state.writer.remember(UNWRITTEN, json.dumps(self._unwritten) if self._unwritten else None)
        self._state.writer.remember(f"{UNWRITTEN}/{name}", None)

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


async def _to_its_end(task: asyncio.Task[None]) -> None:
    """Waits for it, also when cancelled, which takes effect then. Raises what it raises."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        task.result()
        raise


def accepted(freeze: Freeze) -> str:
    """What to tell whoever accepted it."""
    where = f"from its verified position {freeze.position}" if freeze.position is not None else "from where it began"
    return f"accepted, and recorded in the ledger: goes on {where}"
