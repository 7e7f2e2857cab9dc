"""What is read from files that may change while we run: read again when they do, and replaced whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from certhia.alarms.board import Found
from certhia.clock import Clock
from certhia.errors import ConfigError
from certhia.model import Alarm, Tell
from certhia.render import terminal

T = TypeVar("T")

POLL: Final = 1.5  # seconds between two looks at the files; where the system tells of changes it is sooner
SETTLE: Final = 0.2  # seconds that a file must stand still: whoever writes it may not be done
GONE: Final = 2.0  # seconds that a file may be away: editors take the old one away before the new one is there
TRIES: Final = 10  # looks at a file that never stands still, before it is read all the same
STEP: Final = 200  # milliseconds between two looks at what the system tells
MAX_FILES: Final = 100_000  # of a directory
MAX_LINKS: Final = 40
NAMED: Final = 5  # files that a message names

Marks = tuple[tuple[str, tuple[int, ...]], ...]
"""Each file with what changes when it does; nothing for one that isn't there."""


class Reloaded(Generic[T]):
    """A value made from files, and made anew when one of them changes.

    A file that makes no sense, or has gone, changes nothing: that is told, once for each change of the file. The new
    value is made in a thread and put in place of the old one at once; whoever still uses the old one keeps it.

    Attributes:
        current: the value of now.
        trouble: why the last change of a file could not be taken over; empty where it could.
        troubled: called when there is some trouble, another one, or none any more.
        heard: called with what was told, once another value is in force.
    """

    def __init__(
        self,
        what: str,
        paths: Sequence[Path],
        load: Callable[[], T],
        changes: Callable[[T, T], Sequence[str]],
        *,
        clock: Clock,
        tell: Tell,
        take: Callable[[T, T], Awaitable[None]] | None = None,
    ) -> None:
        """Loads it for the first time. `what`: what people call it, in the plural. `changes`: from the old value and
        the new one, what there is to say. `take`: gets both before the new one is put in place; where it raises
        ConfigError that doesn't happen. Raises what `load` raises: ConfigError for a bad file."""
        self.what = what
        self.paths = tuple(paths)
        self._load = load
        self._changes = changes
        self._clock = clock
        self._tell = tell
        self._known = marks(self.paths)
        self._take = take
        self._asked = False
        self._wake = asyncio.Event()
        self._replaced = 0  # how often it was by `become`
        self._moved = asyncio.Event()  # other files count
        self.trouble = ""
        self.troubled: Callable[[], None] = _nobody
        self.heard: Callable[[Sequence[str]], None] = _nobody
        self.current = load()

    def become(self, value: T, paths: Sequence[Path], load: Callable[[], T]) -> None:
        """Puts a value in place that is made otherwise, or of other files, from now on."""
        told = self._changes(self.current, value)
        for text in told:
            self._tell(text)
        self.current, self.paths, self._load = value, tuple(paths), load
        self._has("")
        self._replaced += 1
        self._known = marks(self.paths)
        self._wake.set()
        self._moved.set()
        self.heard(told)

    def follow(self, paths: Sequence[Path]) -> None:
        """Looks at these files from now on: at new ones at once, as they may have changed since they were read."""
        if tuple(paths) != self.paths:
            self.paths = tuple(paths)
            self._wake.set()
            self._moved.set()

    def ask(self) -> None:
        """Has it read anew, changed or not."""
        self._asked = True
        self._wake.set()

    async def again(self) -> None:
        """Reads it anew now, changed or not; returns once the new value is in place, or was refused."""
        self._asked = True
        await self.look()

    async def run(self, _faults: int = 0) -> None:
        """Looks at the files until cancelled."""
        while True:
            try:
                async with self._clock.deadline(POLL if self.paths else None):
                    await self._wake.wait()
            except TimeoutError:
                pass  # time to look
            self._wake.clear()
            await self.look()

    async def look(self) -> None:
        """Reads the files where one has changed since the last time, once they stand still."""
        asked, self._asked = self._asked, False
        seen = await asyncio.to_thread(marks, self.paths)
        if seen != self._known:
            seen = await self._settled(seen)
        if seen == self._known and not asked:
            return
        self._known, replaced = seen, self._replaced  # whatever comes of it: the same bytes are not read twice
        new, error = await asyncio.to_thread(self._made)
        if replaced != self._replaced or await asyncio.to_thread(marks, self.paths) != seen:
            self._asked = self._asked or asked
            self._wake.set()  # changed while it was read: half of it may be old
        elif new is None:
            self._tell_bad(error)
        else:
            await self._put(*new)

    async def _put(self, value: T) -> None:
        if self._take is not None:
            try:
                await self._take(self.current, value)
            except ConfigError as error:
                self._tell_bad(str(error))
                return
        told = self._changes(self.current, value)
        self.current = value
        self._has("")
        for text in told:
            self._tell(text)
        self.heard(told)

    async def listen(self, _faults: int = 0) -> None:
        """Has `run` look at once when the system tells of a change. Returns where it doesn't: `run` looks anyway."""
        while True:
            moved = self._moved = asyncio.Event()
            folders = await asyncio.to_thread(folders_of, self.paths) if self.paths else []
            if not folders:
                await moved.wait()
                continue
            import watchfiles  # noqa: PLC0415  (3 MB that only those need who keep something in files)

            try:
                told = watchfiles.awatch(
                    *folders, recursive=False, watch_filter=None, debounce=STEP, step=STEP, stop_event=moved
                )
                async with aclosing(told):
                    async for _ in told:
                        self._wake.set()
                        if await asyncio.to_thread(folders_of, self.paths) != folders:
                            break
            except (OSError, RuntimeError) as error:  # not on this file system, no watches left, a folder has gone
                self._tell(f"{self.what}: changes are looked for every {POLL:.0f} s: {error}", level="debug")
                return

    async def _settled(self, seen: Marks) -> Marks:
        for _ in range(TRIES):
            away = any(not mark for _, mark in seen)
            await self._clock.sleep(GONE if away else SETTLE)
            now = await asyncio.to_thread(marks, self.paths)
            if now == seen:
                break
            seen = now
        return seen

    def _made(self) -> tuple[tuple[T] | None, str]:
        try:
            return (self._load(),), ""
        except ConfigError as error:
            return None, str(error)
        except Exception as error:  # noqa: BLE001  (whatever a parser makes of a file, the old value stays in use)
            named = ", ".join(str(path) for path in self.paths[:NAMED])
            return None, f"{named}: cannot be read: {type(error).__name__}: {terminal(str(error))}"

    def _has(self, trouble: str) -> None:
        before, self.trouble = self.trouble, trouble
        if before != trouble:
            self.troubled()

    def _tell_bad(self, error: str) -> None:
        self._has(error)
        first, *others = error.splitlines()
        self._tell(f"{self.what} not reloaded, the old ones stay in use: {first}", level="warning")
        for text in others:
            self._tell(text, level="warning")


def _nobody(_told: Sequence[str] = ()) -> None:
    """Nobody hears of it."""


def troubles(reloads: Sequence[Reloaded[Any]]) -> Callable[[], Awaitable[list[Found]]]:
    """A look for alarms: files that changed, and could not be taken over."""

    async def look() -> list[Found]:
        return [Found(_alarm(one.what, one.trouble), told=True) for one in reloads if one.trouble]

    return look


def _alarm(what: str, trouble: str) -> Alarm:
    """Another complaint is another alarm."""
    name = hashlib.sha256(trouble.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return Alarm(f"config:{what}:{name}", f"{what} not reloaded, the old ones stay in use: {said(trouble)}")


def said(error: str) -> str:
    """A complaint in one line."""
    return "; ".join(line.strip() for line in error.splitlines())


def marks(paths: Sequence[Path]) -> Marks:
    """What the files, and those in the folders among them, look like from outside."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for path in paths:
        found.append((str(path), _mark(path)))
        for folder, folders, names in os.walk(path, followlinks=False):
            folders.sort()
            inner = [os.path.join(folder, name) for name in sorted(names)]  # noqa: PTH118  (a Path costs ten times that)
            found += [(name, _mark(name)) for name in inner[: MAX_FILES - len(found)]]
            if len(found) >= MAX_FILES:
                break
    return tuple(found)


def folders_of(paths: Sequence[Path]) -> list[Path]:
    """The folders in which something changes when one of the files does: its own, and those of all links to it."""
    folders: dict[Path, None] = {}
    for path in paths:
        for step in _links(path):
            folders |= dict.fromkeys(folder for folder in (step.parent, step) if folder.is_dir())
    return list(folders)


def _links(path: Path) -> list[Path]:
    """The path, and where each link on its way leads."""
    steps = [path.absolute()]
    for _ in range(MAX_LINKS):
        try:
            if not steps[-1].is_symlink():
                break
            steps.append(steps[-1].parent / steps[-1].readlink())
        except OSError:  # it has gone just now
            break
    return steps


def _mark(path: str | Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev
