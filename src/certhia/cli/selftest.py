"""`certhia selftest`: how long it takes from a certificate in a log to its match, verified; all on this machine."""

from __future__ import annotations

import asyncio
import json as jsonlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from certhia.errors import CerthiaError, StateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from certhia.clock import Clock
    from certhia.model import Match

WITHIN = 60.0  # seconds
READY_WITHIN = 30.0  # seconds that the logs have to start
LOOK_EVERY = 0.05  # seconds between two looks into the state
LOGS = 5


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("selftest")(selftest)


def selftest(
    within: Annotated[float, typer.Option(help="Seconds that it may take.")] = WITHIN,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of steps.")] = False,
) -> None:
    """Put a certificate into a log on loopback and measure the time until its match is told and verified.

    Exit status 1 when it did not come in time. Nothing is asked of any other machine.
    """
    from certhia.clock import Clock

    raise typer.Exit(asyncio.run(_Test(Clock(), within, as_json=json).run()))


@contextmanager
def logs(count: int) -> Iterator[subprocess.Popen[bytes]]:
    """Logs in a process of their own, which say in a line where they are and take orders on standard input."""
    command = [sys.executable, "-m", "certhia.testing.feed", "--rate", "5", "--logs", str(count)]
    with subprocess.Popen(  # noqa: S603  (our own interpreter and module)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


class _Test:
    def __init__(self, clock: Clock, within: float, *, as_json: bool) -> None:
        self._clock = clock
        self._within = within
        self._as_json = as_json
        self._told: dict[str, object] = {}

    async def run(self) -> int:
        """Gives the exit status."""
        begun = self._clock.monotonic()
        with logs(LOGS) as process, tempfile.TemporaryDirectory(prefix="certhia-selftest-") as folder:
            try:
                said = await self._line(process, READY_WITHIN)
                self._step("logs", len(said["logs"]), f"{len(said['logs'])} logs started in {self._since(begun)}")
                await self._follow(process, said, Path(folder) / "state")
            except TimeoutError:
                self._step(
                    "failed", True, f"failed: not done within {self._within:g} s; the last step above was reached"
                )
                return self._end(1)
        return self._end(0)

    async def _follow(self, process: subprocess.Popen[bytes], said: dict[str, Any], state: Path) -> None:
        from certhia.library.watching import watch

        clock, begun = self._clock, self._clock.monotonic()
        name = f"selftest-{int(clock.uniform(0, 1 << 32)):08x}.certhia.test"
        options = {"read.poll_static": 1.0, "read.poll_rfc6962": 1.0, "read.patience": 0.0}
        matches = watch(
            f"={name}", state=state, log_lists=[said["log_list"]], contact="https://localhost/selftest",
            options=options, clock=clock, tell=_silent,
        )  # fmt: skip
        async with aclosing(matches):
            first = asyncio.get_running_loop().create_task(_first(matches))
            try:
                async with clock.deadline(self._within):
                    await self._until(lambda: _positions(state, clock), len(said["logs"]), first)
                    self._step("followed", True, f"all of them followed and verified in {self._since(begun)}")
                    put_at = clock.monotonic()
                    where = await self._put(process, name)
                    match = await first
                    told = clock.monotonic() - put_at
                    self._step("told_after", round(told, 3), f"its match was told after {told:.2f} s")
                    await self._until(lambda: _verified(state, clock), 1, first)
                    after = clock.monotonic() - put_at
            finally:
                first.cancel()
                await asyncio.gather(first, return_exceptions=True)
        if match.sighting.index != where["index"] or match.log.id.hex() != where["id"]:
            raise CerthiaError(f"the match is of entry {match.sighting.index}, the certificate stands at {where}")
        self._step("verified_after", round(after, 3), f"and was verified after {after:.2f} s, by a head the log signed")
        self._step("ok", True, f"well: {after:.2f} s from the log to the verified match, of {self._within:g} s allowed")

    async def _put(self, process: subprocess.Popen[bytes], name: str) -> dict[str, Any]:
        assert process.stdin is not None
        process.stdin.write(f"{name}\n".encode())
        process.stdin.flush()
        where = await self._line(process, READY_WITHIN)
        text = f"a certificate for {name} put into {where['log']} ({where['protocol']}) as entry {where['index']}"
        self._step("put", where, text)
        return where

    async def _line(self, process: subprocess.Popen[bytes], within: float) -> dict[str, Any]:
        """What the logs say next. Raises CerthiaError where they say nothing."""
        assert process.stdout is not None
        try:
            async with self._clock.deadline(within):
                text = await asyncio.to_thread(process.stdout.readline)
        except TimeoutError:
            text = b""
            process.kill()
        if not text:
            raise CerthiaError("the logs of the self-test did not start: python -m certhia.testing.feed shows why")
        said: dict[str, Any] = jsonlib.loads(text)
        return said

    async def _until(self, count: Callable[[], Awaitable[int]], wanted: int, first: asyncio.Task[Match]) -> None:
        """Returns once there are as many as wanted. Raises as the follower did, where it ended."""
        while await count() < wanted:
            if first.done():
                first.result()
            await self._clock.sleep(LOOK_EVERY)

    def _since(self, begun: float) -> str:
        return f"{self._clock.monotonic() - begun:.2f} s"

    def _step(self, key: str, value: object, text: str) -> None:
        self._told[key] = value
        if not self._as_json:
            print(text, flush=True)

    def _end(self, status: int) -> int:
        if self._as_json:
            print(jsonlib.dumps(self._told))
        return status


async def _first(matches: AsyncIterator[Match]) -> Match:
    return await anext(matches)


async def _positions(state: Path, clock: Clock) -> int:
    """How many logs have a verified position; 0 where the state isn't made yet."""
    from certhia.store.state import State

    try:
        async with await State.open(state, clock=clock, follow=False) as reader:
            return len(await reader.positions())
    except StateError:
        return 0


async def _verified(state: Path, clock: Clock) -> int:
    """How many stored matches are verified."""
    from certhia.store.state import State

    async with await State.open(state, clock=clock, follow=False) as reader:
        return sum(stored.match.verified for stored in await reader.matches())


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    """What the follower says is of no interest here: the steps tell."""
    del text, level, log
