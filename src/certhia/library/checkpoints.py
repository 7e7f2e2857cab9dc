"""What a running scan writes down every second, so that it can be gone on with: results first, then what they count."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Final

from certhia.clock import Clock
from certhia.library.resuming import Record, Standing
from certhia.scanner.records import Result
from certhia.sinks.result_file import ResultFile

EVERY: Final = 1.0  # seconds


class Checkpoints:
    """Counts what is done, and writes it down.

    `take` and `skip` are called where results are taken, all else on the loop. What is written at any moment is either
    the last standing or the one before, each with all its results on the disk.
    """

    def __init__(
        self,
        record: Record,
        standing: Standing,
        files: Sequence[ResultFile],
        write: Callable[[Sequence[Result]], None],
        clock: Clock,
        *,
        given: Callable[[], int] = lambda: 0,
        written: Callable[[], int] = lambda: 0,
    ) -> None:
        """`record`: nothing is written down where it is not held. `standing`: where it goes on, or begins. `write`:
        writes results to `files`, among others. `given`, `written`: how much `write` has given to where it does not
        wait for, and how much of that has arrived."""
        self._record = record
        self._key = standing.key
        self._files = files
        self._write = write
        self._done = standing.done
        self._clock = clock
        self._lock = threading.Lock()
        self._given = given
        self._written = written
        self._waiting: tuple[Standing, int] | None = None  # until so much has arrived
        self._last: Standing | None = None
        if files:
            self.write()  # what is behind these places is not counted yet, from the first result on

    @property
    def done(self) -> int:
        """How many places are done."""
        return len(self._done)

    def take(self, results: Sequence[Result]) -> None:
        """Writes results, and counts their targets as done. Raises what writing raises: none of them counts then."""
        with self._lock:
            self._write(results)
            done = self._done
            for result in results:
                if result.target.place is not None:
                    done.add(result.target.place)

    def skip(self, places: range) -> None:
        """Places that come to nothing."""
        with self._lock:
            self._done.skip(places)

    async def run(self) -> None:
        """Writes it down every second, until cancelled. Raises StateError."""
        while True:
            await self._clock.sleep(EVERY)
            await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Writes it down now. Raises StateError."""
        if not self._record.held:
            return
        if self._waiting is None:
            with self._lock:
                standing = Standing(self._key, self._done.spans(), {str(one.path): one.offset for one in self._files})
                self._waiting = standing, self._given()
        standing, given = self._waiting
        if self._written() < given:
            return  # whoever reads it is slow: what he has not got is not done
        self._waiting = None
        if standing == self._last:
            return
        for file in self._files:
            file.sync()
        self._record.write(standing)
        self._last = standing

    def write_all(self) -> None:
        """The same at the end, when nothing more is taken, and nothing more arrives. Raises StateError."""
        self.write()
        self._waiting = None
        self.write()

    def complete(self) -> None:
        """The scan has come to its end, with all results on the disk: nothing is left to go on with. Raises
        StateError."""
        if self._record.held:
            self._record.remove()
