"""The files of a history: begun, filled one after the other, the oldest let go; tried again where the disk fails.

Called on the loop; whatever touches the disk runs in two threads, one that writes and one that reads, and is given up
when it takes too long.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from certhia._core import Issuers
from certhia.clock import Clock
from certhia.model import Log, Tell
from certhia.stream import recorder, records, segments
from certhia.stream.doubt import Run
from certhia.stream.index import Index
from certhia.stream.recorder import Draft, Recorder
from certhia.stream.segments import Segment

Result = TypeVar("Result")

ROWS: Final = 4096  # in one file
FILES: Final = 16  # that a history is spread over: one of them goes at a time
FILE: Final = 64 << 20  # bytes of one of them, at most
ROOM: Final = 64 << 10  # bytes that rows take besides their pages, at most
AGAIN: Final = 60.0  # seconds after which a disk that failed is tried again
PATIENCE: Final = 5.0  # seconds that a disk has for anything


class Disk:
    """Where rows go. `write` and `close` are for one caller at a time.

    Attributes:
        index: what there is.
        trouble: why nothing is written now; empty while all is well.
    """

    def __init__(self, directory: Path, size: int, clock: Clock, tell: Tell, boot: str) -> None:
        """`size`: bytes that all files together may take. `boot`: what this run of the machine is called."""
        self.index = Index()
        self.trouble = ""
        self._directory = directory
        self._boot = boot
        self._size = size
        self._file_size = min(size // FILES, FILE)
        self._clock = clock
        self._tell = tell
        self._recorder = Recorder(directory)
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="replay")
        self._stuck: dict[Executor, asyncio.Future[Any]] = {}  # what it has not answered
        self._vouched = False  # whether it is said there that everything is recorded
        self._loaded = False  # whether it is known what there is
        self._active = False  # whether the newest file is being written
        self._tried = 0.0  # monotonic: when it failed last

    async def load(self) -> int | None:
        """Reads the index of what there is, and tells what is wrong with it.

        None where the last run ended in order; else the number behind the last row before anything that is lost.
        """
        try:
            index, lost, problems = await self._patiently(self._writing, _found, self._directory, self._boot)
        except OSError as error:
            self._fail(error)
            return self.index.next
        index.reach(self.index.reaches)
        self.index, self._loaded = index, True
        for problem in problems:
            self._tell(problem, level="warning")
        return lost

    async def write(self, drafts: Sequence[Draft], logs: dict[bytes, Log], issuers: Issuers, run: Run) -> int:
        """Writes rows of these logs; gives how many of them, as the disk may fail."""
        waits = not all(future.done() for future in self._stuck.values())
        if self.trouble and (waits or self._clock.monotonic() < self._tried + AGAIN):
            return 0
        if not self._loaded:
            await self.load()
        if not self._loaded:
            return 0
        try:
            room = sum(draft.page.nbytes for draft in drafts if draft.page is not None) + ROOM
            segment = await self._ready(room, run)
            unknown = {one.log_id for one in drafts if segment.logs.get(one.log_id) != logs[one.log_id]}
            described = {log_id: logs[log_id] for log_id in unknown}
            append = self._recorder.append
            written = await self._patiently(self._writing, append, segment, list(described.values()), drafts, issuers)
        except OSError as error:
            self._fail(error)
            await self._doubt()
            return 0
        segment.size = written.size
        segment.issuers += written.issuers
        segment.logs |= described
        self.index.logs |= described
        for row in written.rows:
            self.index.add(row)
        self._recover()
        return len(drafts)

    async def read(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Runs what reads files in the thread for that, in turn. Raises OSError."""
        return await self._patiently(self._reading, work, *arguments)

    async def close(self) -> None:
        """Ends in order. Idempotent."""
        if self._active and not self.trouble:
            self._active = False
            try:
                await self._patiently(self._writing, self._recorder.end)
            except OSError as error:
                self._fail(error)
        self.abandon()

    def abandon(self) -> None:
        """Lets go without another look at the disk; what was recorded is there, and did not end in order."""
        self._active = False
        if self._writing not in self._stuck:
            self._recorder.let_go()
        for executor in (self._writing, self._reading):
            executor.shutdown(wait=False, cancel_futures=True)

    # --- files ---

    async def _ready(self, room: int, run: Run) -> Segment:
        """The file that takes so many more bytes. Raises OSError."""
        index = self.index
        if self._active:
            newest = index.segments[-1]
            if len(newest.rows) and (len(newest.rows) >= ROWS or newest.size + room > self._file_size):
                end = segments.finish(newest)
                await self._patiently(self._writing, self._recorder.write, end, newest.size)
                newest.size += len(end)
                self._active = False
        while index.nbytes + room > self._size and len(index.segments) > self._active:
            await self._patiently(self._writing, recorder.remove, index.segments[0].path)
            index.drop()
        if index.nbytes + room > self._size:
            raise OSError(errno.EFBIG, f"{room} bytes are more than the history may take", str(self._directory))
        if not self._active:
            segment = self._new(run)
            segment.size = await self._patiently(self._writing, self._recorder.begin, segment)
            index.extend(segment)
            self._active = True
            if not self._vouched:
                await self._patiently(self._writing, recorder.vouch, self._directory, self._boot)
                self._vouched = True
        return index.segments[-1]

    def _new(self, run: Run) -> Segment:
        index = self.index
        path = self._directory / segments.name(index.next)
        mark = secrets.token_bytes(records.MARK)
        reaches, logs = dict(index.reaches), dict(index.logs)
        return Segment(path, mark, index.next, run.began, run.sound, 0, reaches, logs=logs)

    # --- a disk that fails ---

    async def _patiently(self, executor: Executor, work: Callable[..., Result], *arguments: object) -> Result:
        """Raises OSError, also where it takes too long: then nothing more is asked of that thread until it is done."""
        before = self._stuck.get(executor)
        if before is not None and not before.done():
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), str(self._directory))
        self._stuck.pop(executor, None)
        future = asyncio.get_running_loop().run_in_executor(executor, work, *arguments)
        await asyncio.wait([future], timeout=PATIENCE)
        if not future.done():
            self._stuck[executor] = future
            future.add_done_callback(_forget)
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), str(self._directory))
        return future.result()

    async def _doubt(self) -> None:
        """Takes back, where that can be done, that everything is recorded: what is sent now is not."""
        try:
            await self._patiently(self._writing, recorder.vouch, self._directory, None)
            self._vouched = False
        except OSError:
            self._tried = self._clock.monotonic()  # a disk that takes nothing at all: it has been told

    def _fail(self, error: OSError) -> None:
        self._active = False
        self._tried = self._clock.monotonic()
        reason = f"{error.filename or self._directory}: {error.strerror or error}"
        if not self.trouble:
            self._tell(
                f"{reason}: the streams' history is not recorded, clients that come back later are told what they "
                f"missed; make room, or see to the disk: it is tried again every {AGAIN:.0f} s",
                level="error",
            )
        self.trouble = reason

    def _recover(self) -> None:
        if self.trouble:
            self.trouble = ""
            self._tell(f"{self._directory}: the streams' history is recorded again", level="warning")


def _found(directory: Path, boot: str) -> tuple[Index, int | None, list[str]]:
    found, index = recorder.find(directory, boot), Index()
    for segment in found.segments:
        index.extend(segment)
    index.damages = found.damages
    return index, found.sound, found.problems


def _forget(future: asyncio.Future[Any]) -> None:
    """What came too late is of no use, nor is what was wrong with it."""
    if not future.cancelled():
        future.exception()


def boot() -> str:
    """What this run of the machine is called; "" where that can't be told."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
