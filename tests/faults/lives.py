"""One follower after the other on one state, each with a fault of its own that may be its end.

The world of logs is made once; each life is a fork of this process and follows it in simulated time, with a real state,
real threads and a real output file. Between two lives the world grows, and while one lives too.
"""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import sys
import tempfile
import threading
import traceback
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.preload import Calls, Kind

from certhia.cli.app import fail
from certhia.config import load
from certhia.errors import CerthiaError, first_of
from certhia.library.assembly import Given, assemble
from certhia.logs.heads import check_head
from certhia.rules.watchlist import Watchlist
from certhia.sinks.file import File
from certhia.store import State
from certhia.store.database import CUT_OFF
from certhia.store.fsck import check
from certhia.store.place import Place
from certhia.testing import FakeLog, Request, SimClock, World, run_simulated

FILE = "all.jsonl"
STATE = "state"
LIST = "http://world.test/log_list.json"
SETTINGS = {
    "logs.log_list": [LIST],
    "read.from": "beginning",
    "read.poll_static": 1.0,
    "read.poll_rfc6962": 1.0,
    "read.patience": 0.0,
    "read.contact": "https://localhost/test",
}
UNSOUND = 70  # exit status of a life that found the state unsound
PORTIONS = 2  # in which the world grows while somebody lives
NEVER = 1 << 40  # the number of a call that does not come


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls a life: at a change of a file, at a request, or after some real seconds."""

    kind: Kind = Kind.NOTHING
    part: str = ""  # of the line that tells of the change: "sync", "state.db-wal"
    call: int = NEVER  # of those with `part`, from 1
    request: int = NEVER
    seconds: float | None = None


@dataclass(slots=True)
class Lives:
    """A world, and the directory of those who follow it: `state` and the output file."""

    directory: Path
    world: World = field(default_factory=lambda: World(SimClock()))
    calls: Calls = field(default_factory=Calls)
    names: list[str] = field(default_factory=list)  # that are watched for
    said: str = ""  # by the last life, on standard error
    status: int = 0  # of one that is remembered

    def __post_init__(self) -> None:
        """Three logs, one of each kind."""
        self.world.rfc6962("alpha", max_get_entries=8)
        self.world.static("beta", drop_partials=True)
        self.world.hybrid("gamma", max_get_entries=8)

    @property
    def clock(self) -> SimClock:
        """The world's."""
        assert isinstance(self.world.clock, SimClock)
        return self.world.clock

    @property
    def logs(self) -> list[FakeLog]:
        """All logs."""
        return list(self.world.logs.values())

    def warm(self) -> None:
        """Follows a while in this process, so that its forks find all imported and prepared."""
        with tempfile.TemporaryDirectory() as directory:
            other = Lives(Path(directory))
            other.add(12)
            run_simulated(other._follow(), clock=other.clock)
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(10)
        gc.collect()
        gc.freeze()

    def add(self, count: int) -> None:
        """Every log takes `count` more entries, which show bit by bit while the next one lives. Two of three are
        watched for; one in 40 can't be decoded."""
        for _ in range(count):
            number = len(self.logs[0])
            if number % 40 == 39:
                issued = self.world.ca.undecodable("garbage")
            else:
                watched = number % 3 != 2
                name = f"host{number}.{'example.com' if watched else 'other.test'}"
                issued = self.world.ca.issue([name], precert=number % 2 == 1)
                self.names += [name] if watched else []
            for log in self.logs:
                log.add(issued)

    def live(self, fate: Fate) -> int:
        """One life; gives its exit status, negative for a signal."""
        self.calls.clear()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.dup2(writing, 2)
            os._exit(self._child(fate))
        os.close(writing)
        if fate.seconds is not None:
            select.select([reading], [], [], fate.seconds)  # its end, or a word from it, may come before
            os.kill(child, signal.SIGKILL)
        with os.fdopen(reading, encoding="utf-8", errors="replace") as pipe:
            self.said = pipe.read()
        _, status = os.waitpid(child, 0)
        for log in self.logs:
            log.publish()
        self.clock.advance(60)
        return os.waitstatus_to_exitcode(status)

    def _child(self, fate: Fate) -> int:
        """In the fork: an exit status as `certhia watch` has it."""
        try:
            if (faults := self.unsound()) is not None:
                sys.stderr.write(faults)
                return UNSOUND
            for log in self.logs:
                log.on_request = Deadly(fate.request)
            self.calls.arm(self.directory, fate.kind, fate.part, fate.call)
            run_simulated(self._follow(), clock=self.clock)
        except CerthiaError as error:
            return fail(error)
        except BaseExceptionGroup as group:
            first = first_of(group)
            if isinstance(first, CerthiaError):
                return fail(first)
            traceback.print_exc()
            return 1
        except BaseException:  # noqa: BLE001  (a fork of ours ends here, whatever happens)
            traceback.print_exc()
            return 1
        return 0

    def unsound(self) -> str | None:
        """What is wrong with the state that the life before left; None where it is sound, or there is none yet."""

        async def examine() -> str | None:
            async with await State.open(self.directory / STATE, clock=self.world.clock, follow=False) as state:
                faults = await check(state, check_head)
            return "\n".join(map(str, faults)) or None

        if not (self.directory / STATE / "state.db").exists():
            return None
        try:
            return asyncio.run(examine())
        except CerthiaError as error:
            unmade = ("of an older Certhia (schema none)", CUT_OFF)
            return None if any(text in str(error) for text in unmade) else str(error)

    async def _follow(self) -> None:
        clock = self.world.clock
        settings = load(SETTINGS, None, {"HOME": str(self.directory)})
        rules = Watchlist.load(["example.com"])
        async with AsyncExitStack() as stack:
            sink = File(self.directory / FILE)
            stack.push_async_callback(sink.close)
            given = Given(
                rules=lambda: rules, sinks=[sink], stream=lambda _: None, place=Place(self.directory / STATE),
                clock=clock, tell=_say, transport=self.world.transport(latency=0.01),
            )  # fmt: skip
            pipeline = await assemble(settings, given, stack)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(pipeline.run())
                await self._grow()
                await clock.sleep(2.5)
                pipeline.stop()
                await running

    async def _grow(self) -> None:
        """Shows what was added since the last life, in portions."""
        shown = [log.size for log in self.logs]
        for portion in range(1, PORTIONS + 1):
            await self.world.clock.sleep(1.1)
            for log, before in zip(self.logs, shown, strict=True):
                log.sign(before + (len(log) - before) * portion // PORTIONS)

    async def frozen(self) -> list[str]:
        """The evidence of logs that contradicted themselves, by the state."""
        async with await State.open(self.directory / STATE, clock=self.world.clock, follow=False) as state:
            return [freeze.evidence for freeze in await state.freezes()]

    async def story(self) -> dict[str, object]:
        """How it stands at the end: verified positions, sizes, names."""
        async with await State.open(self.directory / STATE, clock=self.world.clock, follow=False) as state:
            positions = await state.positions()
            totals = await state.totals()
        return {
            "positions": [positions[log.id].end for log in self.logs],
            "sizes": [log.size for log in self.logs],
            "names": self.names,
            "totals": dict(totals),
        }


@dataclass(slots=True)
class Deadly:
    """The n-th request is the last thing that the process does."""

    left: int

    def __call__(self, request: Request) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _say(text: str, *, level: str = "info", log: str = "") -> None:
    sys.stderr.write(f"{level}: {log}: {text}\n")
