"""The process that other people's modules run in: `python -m certhia.modules.worker`, started by `process` beside.

It reads messages from standard input, and answers each on what was standard output: what modules print goes to standard
error. It holds pages for as long as they are asked about, each decoded once for all modules.
"""

from __future__ import annotations

import asyncio
import io
import os
import resource
import select
import signal
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NoReturn

from certhia._core import Page
from certhia.clock import Clock
from certhia.events.naming import check_own
from certhia.metrics.collecting import resident
from certhia.model import Match
from certhia.modules.api import Outside
from certhia.modules.batch import Entries, Matches, Shared, Visits
from certhia.modules.configured import Spec, configured
from certhia.modules.finding import JSON
from certhia.modules.loading import load
from certhia.modules.running import Running
from certhia.modules.wire import ANSWER, ASKED, encoded, matched, named_log, pack, read, visited
from certhia.rules.nothing import NOTHING
from certhia.rules.watchlist import Watchlist

SHOWN: Final = 2000  # characters of a traceback
WATCHED: Final = 1.0  # seconds between two looks whether the main process is still there


class Worker:
    """What the process holds: modules by their ids, and one page."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._modules: dict[str, Running] = {}
        self._specs: dict[str, Spec] = {}
        self._page: tuple[int, Entries] | None = None
        self._said: list[list[str]] = []
        self._events: list[list[object]] = []

    async def answer(self, asked: Mapping[str, Any], blobs: Sequence[bytes]) -> dict[str, object]:
        """Does what is asked; what goes wrong is told in the answer."""
        began, before = perf_counter(), resident()
        try:
            told: dict[str, object] = {"ok": await self._done(asked, blobs)}
        except (Exception, SystemExit, GeneratorExit) as error:  # noqa: BLE001  (other people's code: it is told)
            told = {"error": _said(error), "trace": _trace(error)}
        after = resident()
        told |= {"seconds": perf_counter() - began, "resident": after, "grown": after - before}
        told |= {"said": self._said, "events": self._events}
        self._said, self._events = [], []
        return told

    async def _done(self, asked: Mapping[str, Any], blobs: Sequence[bytes]) -> object:
        what, name = asked["do"], asked.get("id", "")
        if what == "load":
            return await self._load(name, Spec.told(asked["spec"]))
        module = self._modules[name]
        match what:
            case "entries":
                return encoded(await module.process(self._entries(asked, blobs)))
            case "matches":
                return encoded(await module.process(_matches(asked, blobs)))
            case "visits":
                return encoded(await module.process(Visits([visited(one, blobs) for one in asked["visits"]])))
            case "reconfigure":
                spec = Spec.told(asked["spec"])
                await module.reconfigure(configured(spec, module.plugged.info))
            case "flush":
                return encoded(await module.flush())
            case "close":
                del self._modules[name]
                await module.close()
        return None

    async def _load(self, name: str, spec: Spec) -> object:
        """Imports a module and sets it up; gives what it says of itself."""
        module = Running(load(spec.place), clock=self._clock, ttl=spec.ttl)
        info = module.plugged.info
        watched = Watchlist.load(spec.rules, spec.files) if spec.rules or spec.files else NOTHING
        outside = Outside(self._clock, self._tell, Path(spec.directory), lambda: watched, self._publish)
        if not spec.look:
            await module.setup(configured(spec, info), outside)
            self._modules[name] = module
        return {
            "name": info.name,
            "version": info.version,
            "summary": info.summary,
            "sees": info.sees.value,
            "needs": [*info.needs],
            "inline": info.inline,
            "cached": info.cached,
            "has": [hook for hook in ("process", "extract", "reconfigure", "flush") if module.plugged.has(hook)],
            "keys": {key: str(field.description or "") for key, field in info.config.model_fields.items()},
        }

    def _entries(self, asked: Mapping[str, Any], blobs: Sequence[bytes]) -> Entries:
        """The page that is at hand, or the one that comes with the question."""
        number, positions = asked["page"], asked["positions"]
        if blobs:
            page = Page.load(blobs[0])
            self._page = number, Entries(named_log(asked["log"]), Shared(page), range(len(page)))
        assert self._page is not None
        assert self._page[0] == number
        whole = self._page[1]
        return whole if positions is None else Entries(whole.log, whole.shared, positions)

    def _tell(self, text: str, *, level: str = "info", log: str = "") -> None:
        self._said.append([text[:SHOWN], level, log])
        del self._said[100:]

    def _publish(self, type: str, data: Mapping[str, JSON], *, correlation: str = "") -> None:  # noqa: A002
        check_own(type, correlation)  # here the module hears of it
        self._events.append([type, {**data}, correlation])
        del self._events[1000:]


def _matches(asked: Mapping[str, Any], blobs: Sequence[bytes]) -> Matches:
    matches = [matched(one) for one in asked["matches"]]
    kept = {match.key: pair for match, pair in zip(matches, asked["kept"], strict=True)}

    def der(match: Match, which: int) -> bytes | None:
        number = kept[match.key][which]
        return None if number is None else blobs[number]

    return Matches(matches, lambda match: der(match, 0), lambda match: der(match, 1))


def _said(error: BaseException) -> str:
    """What was raised; not every exception can say it."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  (likewise other people's code)
        text = ""
    return f"{type(error).__name__}: {text}".removesuffix(": ")[:SHOWN]


def _trace(error: BaseException) -> str:
    """Where it was raised, without what is ours."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "certhia/modules/" not in frame.filename] or frames
    return "".join(traceback.format_list(own[-5:]))[-SHOWN:]


def _limit(memory: int) -> None:
    """A brake for what takes too much at once; what grows slowly is watched by the main process."""
    try:
        resource.setrlimit(resource.RLIMIT_AS, (4 * memory + (1 << 30), resource.RLIM_INFINITY))
    except (ValueError, OSError):
        return  # the system has no such limit, or a lower one: what grows is watched all the same


def _orphaned(parent: int) -> None:
    """Ends the process, and what it began, when the main one is gone."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(WATCHED)
    os.killpg(0, signal.SIGKILL)


def _guarded(parent: int) -> bool:
    """Begins a process that ends all of this one's group once this one or the main one is gone: a thread would never
    have its turn while a module keeps the interpreter's lock. False where the system can't wait for processes."""
    if sys.platform != "linux":
        return False
    try:
        ends = [os.pidfd_open(parent), os.pidfd_open(os.getpid())]
        if os.getpgrp() != os.getpid() or os.getppid() != parent:
            return False  # not started by `process`, or the main process is gone: the thread sees that
        is_guard = os.fork() == 0
    except OSError:
        return False
    if is_guard:
        _wait_and_end(ends)
    for end in ends:
        os.close(end)
    return True


def _wait_and_end(ends: Sequence[int]) -> NoReturn:
    """Ends the group once one of these processes is gone."""
    try:
        os.closerange(0, min(ends))  # else pipes stay open when this one's parent is gone
        os.closerange(max(ends) + 1, 1024)
        poll = select.poll()
        for end in ends:
            poll.register(end, select.POLLIN)
        poll.poll()
    finally:
        os.killpg(0, signal.SIGKILL)
        os._exit(0)


async def serve(inward: int, outward: int) -> None:
    """Answers until the other end is closed."""
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(inward, "rb", 0))
    worker = Worker()
    with os.fdopen(outward, "wb") as out:
        while True:
            try:
                asked, blobs = await read(reader, ASKED)
            except asyncio.IncompleteReadError:
                return
            out.write(packed(await worker.answer(asked, blobs)))
            out.flush()


def packed(told: Mapping[str, object]) -> bytes:
    """An answer as a message; where it can be none, one that says why."""
    without = {**told, "ok": None, "events": []}
    try:
        message = pack(told)
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        return pack({**without, "error": f"its results are no JSON: {str(error) or type(error).__name__}"})
    if len(message) > ANSWER:
        size = f"its results take {len(message) / 1e6:,.0f} MB, {ANSWER / 1e6:,.0f} are the most of one call"
        return pack({**without, "error": size})
    return message


def main() -> None:
    """Runs until standard input ends."""
    memory, parent = int(sys.argv[1]), int(sys.argv[2])
    guarded = _guarded(parent)
    inward, outward = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what modules print is told when they print it
    _limit(memory)
    if not guarded:
        threading.Thread(target=_orphaned, args=(parent,), daemon=True).start()
    asyncio.run(serve(inward, outward))


if __name__ == "__main__":
    main()
