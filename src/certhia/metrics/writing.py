"""Figures written to a file again and again, whole each time, as node_exporter's textfile collector reads them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from certhia.clock import Clock
from certhia.metrics.text import Seen
from certhia.model import Tell

STDOUT: Final = "-"


class Writing:
    """Writes to a file, or with `-` to standard output."""

    def __init__(
        self, file: str, every: float, collect: Callable[[], Awaitable[Seen]], clock: Clock, tell: Tell
    ) -> None:
        """`every`: seconds between two times."""
        self._file = file
        self._every = every
        self._collect = collect
        self._clock = clock
        self._tell = tell
        self._trouble = ""

    async def run(self) -> None:
        """Writes now, and then until cancelled."""
        while True:
            await self.write()
            await self._clock.sleep(self._every)

    async def write(self) -> None:
        """Once. A disk that takes nothing is told of once, and again when it does."""
        seen = await self._collect()
        try:
            await asyncio.to_thread(self._put, seen)
        except OSError as error:
            trouble = error.strerror or str(error)
        else:
            trouble = ""
        if trouble and not self._trouble:
            self._tell(f"metrics can't be written to {self._file}: {trouble}; tried again", level="warning")
        elif self._trouble and not trouble:
            self._tell(f"metrics are written to {self._file} again")
        self._trouble = trouble

    def _put(self, seen: Seen) -> None:
        text = seen.text()
        if self._file == STDOUT:
            sys.stdout.write(text.decode() + "\n")
            sys.stdout.flush()
            return
        path = Path(self._file).expanduser()
        beside = path.with_name(f".{path.name}.{os.getpid()}.new")  # no name that a collector takes up
        try:
            beside.write_bytes(text)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
