"""The process that lints: begun when it is first needed, ended when it takes too long, and begun anew."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from certhia.clock import Clock
from certhia.modules.builtin.policy import linting
from certhia.modules.builtin.policy.linting import LENGTH, Violation
from certhia.modules.process import passed

MAX_CERTIFICATE: Final = 128 << 10  # bytes: larger ones are not linted
MAX_ANSWER: Final = 1 << 20
START: Final = 60.0  # seconds until it has to say who it is
# As a file and not as a module: nothing else of Certhia is imported there, and nothing of the current directory.
COMMAND: Final = (sys.executable, "-P", linting.__file__)


class Linted(NamedTuple):
    """What is wrong with a certificate.

    Attributes:
        type: what it is by its contents: "DV_FINAL_CERTIFICATE", "OV_PRE_CERTIFICATE"...; "" where it can't be linted.
        violations: the worst first.
        fault: why it can't be linted; of pkilint or of the certificate, so not yet inert.
        requirements: the version of the Baseline Requirements that it was held to.
    """

    type: str = ""
    violations: tuple[Violation, ...] = ()
    fault: str = ""
    requirements: str = ""


class Worker:
    """Lints one certificate after the other. On the loop.

    Args:
        deadline: seconds for one certificate.
        command: what is run.
    """

    def __init__(self, clock: Clock, deadline: float, command: Sequence[str] = COMMAND) -> None:
        self.started = 0
        self._requirements = ""
        self._clock = clock
        self._deadline = deadline
        self._command = tuple(command)
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def lint(self, der: bytes) -> Linted:
        """What is wrong with a certificate. Never raises for one: then it has a fault. Raises OSError where the process
        can't be begun."""
        if len(der) > MAX_CERTIFICATE:
            return Linted(fault=f"it has {len(der):,} bytes, where at most {MAX_CERTIFICATE:,} are linted")
        async with self._turn:
            process = await self._running()
            try:
                async with self._clock.deadline(self._deadline):
                    said = await _asked(process, der)
            except TimeoutError:
                await self._end()
                return Linted(fault=f"pkilint was not done with it after {self._deadline:g} s")
            except (EOFError, ConnectionError, ValueError):
                await self._end()
                return Linted(fault="pkilint's process died over it")
            except BaseException:  # cancelled between question and answer: the next one would get this answer
                await self._end()
                raise
        if "fault" in said:
            return Linted(fault=str(said["fault"]))
        violations = tuple((str(a), str(b), str(c), str(d)) for a, b, c, d in said["violations"])
        return Linted(str(said["type"]), violations, requirements=self._requirements)

    async def start(self) -> None:
        """Begins the process, where it does not run. Raises OSError."""
        async with self._turn:
            await self._running()

    async def close(self) -> None:
        """Ends the process."""
        await self._end()

    async def _running(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=passed(), start_new_session=True
        )  # Ctrl-C is for us alone: it ends once we do, and no certificate is blamed
        self.started += 1
        try:
            async with self._clock.deadline(START):
                said = await _read(process)
        except (TimeoutError, EOFError, ConnectionError, ValueError) as error:
            await self._end()
            raise OSError("the process that lints does not begin; is pkilint whole? `pip install pkilint`") from error
        except BaseException:
            await self._end()
            raise
        self._requirements = str(said.get("requirements", ""))
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _asked(process: Process, der: bytes) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(LENGTH.pack(len(der)) + der)
    await process.stdin.drain()
    return await _read(process)


async def _read(process: Process) -> dict[str, Any]:
    """The next frame. Raises EOFError (IncompleteReadError is one), and ValueError for what is none."""
    assert process.stdout is not None
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > MAX_ANSWER:
        raise ValueError("a frame that is too long")
    said = json.loads(await process.stdout.readexactly(length))
    if not isinstance(said, dict):
        raise ValueError("no answer")
    return said
