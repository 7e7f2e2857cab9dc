"""Alarms appended to a file, one line of JSON when one is raised and one when it is over."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from certhia import render
from certhia.clock import Clock, iso
from certhia.errors import ConfigError
from certhia.model import Alarm, Tell

GRACE: Final = 2.0  # seconds that `close` waits
KEPT: Final = 1000  # lines that wait for a file that can't be written; the oldest go


class AlarmFile:
    """Hears of alarms. They are written in a thread: a disk that hangs, which may be what an alarm is about, holds
    nothing else up."""

    def __init__(self, path: Path, clock: Clock, tell: Tell) -> None:
        """`tell` hears where the file can't be written. Raises ConfigError where it can't be from the start."""
        self._path = path.absolute()
        self._clock = clock
        self._tell = tell
        self._lines: deque[bytes] = deque(maxlen=KEPT)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alarms")
        self._failing = ""
        self._last: asyncio.Future[str] | None = None
        try:
            self._write(b"")
        except OSError as error:
            raise ConfigError(f"{self._path}: alarms can't be written there: {error.strerror}") from error

    def __call__(self, alarm: Alarm, *, cleared: bool) -> None:
        """See `certhia.model.Hears`."""
        self._lines.append(line(alarm, self._clock.now(), cleared=cleared))
        self._last = asyncio.get_running_loop().run_in_executor(self._thread, self._drain)
        self._last.add_done_callback(self._written)

    def _written(self, done: asyncio.Future[str]) -> None:
        before, self._failing = self._failing, "" if done.cancelled() else done.result()
        if self._failing and not before:
            self._tell(f"{self._path}: alarms can't be written, and wait: {self._failing}", level="error")

    def _drain(self) -> str:
        """Writes what waits; gives what is wrong, if anything."""
        while self._lines:
            first = self._lines.popleft()
            try:
                self._write(first)
            except OSError as error:
                self._lines.appendleft(first)
                return error.strerror or str(error)
        return ""

    def _write(self, data: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOCTTY | os.O_CLOEXEC, 0o666)
        try:
            os.write(file, data)
        finally:
            os.close(file)

    async def close(self) -> None:
        """Waits for what is being written, for `GRACE` seconds at most: a disk that hangs keeps nobody up."""
        if self._last is not None:
            await asyncio.wait([self._last], timeout=GRACE)
        self._thread.shutdown(wait=False)


def line(alarm: Alarm, now: float, *, cleared: bool) -> bytes:
    """One line of the file. `now`: Unix seconds."""
    return render.encode(render.json_text(record(alarm, now, cleared=cleared)) + "\n", "utf-8")


def record(alarm: Alarm, now: float, *, cleared: bool) -> dict[str, object]:
    """An alarm's fields, ready for JSON. `now`: Unix seconds."""
    return {
        "type": "alarm",
        "event": "cleared" if cleared else "raised",
        "kind": alarm.key.partition(":")[0],
        "key": alarm.key,
        "log": alarm.log or None,
        "text": alarm.text,
        "since": iso(alarm.since),
        "at": iso(now),
    }


def schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of one line."""
    text = {"type": "string"}
    fields: dict[str, dict[str, object]] = {
        "type": {"const": "alarm", "description": "So that it may stand among other records"},
        "event": {"enum": ["raised", "cleared"], "description": "Whether it begins or is over"},
        "kind": {**text, "description": "What it is about, as the guide's table calls it: contact, backlog, disk, ..."},
        "key": {**text, "description": "The same for both lines of one alarm; the kind, and what it concerns"},
        "log": {"type": ["string", "null"], "description": "The log that it is about; null for no single one"},
        "text": {**text, "description": "What is wrong, and what to do where anything can be done"},
        "since": {**text, "format": "date-time", "description": "When it was raised, RFC 3339 in UTC"},
        "at": {**text, "format": "date-time", "description": "When this line was made"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Certhia alarm",
        "description": "Something that keeps Certhia from seeing certificates, or that is over",
        "type": "object",
        "properties": fields,
        "required": [*fields],
        "additionalProperties": False,
    }
