"""A worker process as the main one sees it: started, asked one thing at a time with a deadline, killed."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.model import Tell
from certhia.modules.failing import Failed, Fault
from certhia.modules.wire import ANSWER, pack, read

LINE: Final = 2000  # bytes of a line that a module prints
LINES: Final = 200  # of them that are told of one process
MOST: Final = 1e18  # bytes or seconds: no figure of ours is larger, and NaN is none
# Of the environment: settings take secrets from all else, which other people's code has no business with.
PASSED: Final = (
    "HOME",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "PATH",
    "TMPDIR",
    "TZ",
    "USER",
    "VIRTUAL_ENV",
)
PREFIXES: Final = ("LC_", "PYTHON", "VIRTUAL_ENV", "XDG_")
PATIENCE: Final = 2.0  # seconds that it has to end by itself
LAST_WORDS: Final = 0.5  # seconds to read what it printed last


def passed() -> dict[str, str]:
    """The environment of processes that work for us, without what may be secret in it."""
    return {name: value for name, value in os.environ.items() if name in PASSED or name.startswith(PREFIXES)}


class Lost(Failed):
    """The process is gone with the call. `fault` says how."""


class Child:
    """One process at a time. `memory`: bytes that it may take. `ended`: told of each that is gone, once, when it is:
    its id, and why, which is empty for an orderly end."""

    def __init__(
        self, memory: int, clock: Clock, tell: Tell, ended: Callable[[int, str], None] = lambda _pid, _why: None
    ) -> None:
        self.resident = 0  # bytes, after the last answer
        self._memory = memory
        self._clock = clock
        self._tell = tell
        self._ended = ended
        self._process: Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._reason: str | None = None  # why we end it; None while we don't

    @property
    def runs(self) -> bool:
        """Whether there is a process that may be asked."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the process; 0 without one."""
        return self._process.pid if self._process is not None else 0

    async def start(self) -> None:
        """Raises Lost where there can be none."""
        await self._end(0.0, "")  # one that ended by itself
        # -P: what lies in the current directory is not imported by chance.
        command = (sys.executable, "-P", "-m", "certhia.modules.worker", str(self._memory), str(os.getpid()))
        environment = passed()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True, limit=1 << 20
            )
        except OSError as error:
            raise Lost(Fault.DIED, f"no process can be started: {error.strerror}") from error
        loop, self._reason = asyncio.get_running_loop(), None
        self._listening = loop.create_task(self._listen(self._process), name="what modules print")
        self._watching = loop.create_task(self._watch(self._process), name="a worker of modules")

    async def ask(self, header: Mapping[str, object], blobs: Sequence[bytes], deadline: float) -> dict[str, Any]:
        """What it answers. Raises Lost where it doesn't within so many seconds, or ends: it is gone then."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with self._clock.deadline(deadline):
                process.stdin.write(pack(header, blobs))
                await process.stdin.drain()
                answer, _ = await read(process.stdout, ANSWER)
                _check(answer)
        except TimeoutError:
            await self.kill(why := f"took longer than {deadline:g} s")
            raise Lost(Fault.LATE, why) from None
        except (asyncio.IncompleteReadError, OSError):
            await self.kill("it gives no answer")
            raise Lost(Fault.DIED, f"ended its process: {_how(process.returncode)}") from None
        except Malformed as error:
            await self.kill(why := f"wrote what is no answer: {error}")
            raise Lost(Fault.DIED, why) from None
        except asyncio.CancelledError:
            await self.kill("its answer is awaited no more")  # its answer would be taken for that of the next question
            raise
        self.resident = answer["resident"]
        return answer

    async def kill(self, why: str) -> None:
        """Ends it at once, with what it began. Idempotent."""
        await self._end(0.0, why)

    async def close(self) -> None:
        """Lets it end by itself, or else ends it. Idempotent."""
        await self._end(PATIENCE, "")

    async def _end(self, patience: float, why: str) -> None:
        process, self._process = self._process, None
        listening, self._listening = self._listening, None
        watching, self._watching = self._watching, None
        if process is None:
            return
        if process.returncode is None:
            self._reason = why
        assert process.stdin is not None
        process.stdin.close()
        if patience:
            with suppress(TimeoutError):
                async with self._clock.deadline(patience):
                    await process.wait()
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, 9)  # it leads a group of its own: what it started goes too
        if patience and listening is not None:
            with suppress(TimeoutError):
                async with self._clock.deadline(LAST_WORDS):
                    await asyncio.shield(listening)
        # What left the group may hold the other ends of its pipes: `wait` would wait until they are closed.
        transport: asyncio.SubprocessTransport = process._transport  # type: ignore[attr-defined]
        for number in (1, 2):
            if (pipe := transport.get_pipe_transport(number)) is not None:
                pipe.close()
        await process.wait()
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if watching is not None:
            await watching

    async def _watch(self, process: Process) -> None:
        """Has it known when the process is gone."""
        status = await process.wait()
        self._ended(process.pid, _how(status) if self._reason is None else self._reason)

    async def _listen(self, process: Process) -> None:
        """Passes on what modules print, so far as anybody would read it."""
        assert process.stderr is not None
        count = 0
        while True:
            try:
                line = await process.stderr.readuntil(b"\n")
            except asyncio.IncompleteReadError as error:
                line = error.partial
            except asyncio.LimitOverrunError as error:
                line = await process.stderr.readexactly(error.consumed)
            if not line:
                return
            count += 1
            if count <= LINES and (text := line[:LINE].decode("utf-8", "replace").strip()):
                self._tell(f"a module printed: {text}", level="debug")


def _check(answer: Mapping[str, Any]) -> None:
    """Raises Malformed for what the worker as we wrote it would not say: modules can reach into it."""
    figures = (answer.get("resident"), answer.get("grown"), answer.get("seconds"))
    if not all(isinstance(one, int | float) and abs(one) < MOST for one in figures):
        raise Malformed("an answer of a worker, without its figures")
    if not isinstance(answer.get("said"), list) or not isinstance(answer.get("events"), list):
        raise Malformed("an answer of a worker, without what was said")


def _how(status: int | None) -> str:
    if status is None:
        return "it gives no answer"
    return f"signal {-status}" if status < 0 else f"exit status {status}"
