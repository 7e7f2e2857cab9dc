"""The sink `exec`: a program for each match, in a process group of its own that does not outlive it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from certhia.config.keys import PREFIX
from certhia.config.sinks.exec import ExecSink
from certhia.errors import ConfigError, RemoteError
from certhia.model import Delivery
from certhia.render import encode, json_text, quoted, short
from certhia.sinks.certificates import kept as kept_of
from certhia.sinks.environment import of_match, of_record, whole
from certhia.sinks.human import line
from certhia.sinks.open import Outside
from certhia.sinks.partly import Partly
from certhia.sinks.refusals import Refused

TEMPORARY: Final = 75  # sysexits.h, EX_TEMPFAIL: the program can't now, whatever the match
MERCY: Final = 2.0  # seconds between SIGTERM and SIGKILL
_HEARD: Final = 2000  # bytes of what it says last


async def open_exec(name: str, settings: ExecSink, outside: Outside) -> Exec:
    """The sink. Raises ConfigError for a program that is not there."""
    program = settings.command[0]
    found = await asyncio.to_thread(_found, program)
    if found is None:
        raise ConfigError(f"[sinks.{name}] runs {quoted(program)}, and there is no such program: give its whole path")
    if settings.directory is not None and not settings.directory.is_dir():
        raise ConfigError(f"[sinks.{name}] runs in {settings.directory}, and there is no such directory: make it first")
    return Exec(name, settings, outside, found)


class Exec:
    """Runs one program at a time."""

    def __init__(self, name: str, settings: ExecSink, outside: Outside, program: str) -> None:
        """`program`: where the command is."""
        self._name = name
        self._file = program
        self._settings = settings
        self._clock = outside.clock
        self._directory = outside.directory if settings.save else None
        self._partly = Partly()

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once the program has ended well for each. Raises Refused for a match that it fails with, RemoteError
        where it can't be run or says that it can't now (exit status 75)."""
        for delivery in self._partly.left(deliveries):
            kept = await asyncio.to_thread(kept_of, self._directory, delivery.match.key)
            files = {"CERT_FILENAME": str(kept.path)} if kept.path is not None else {}
            await self._run({**of_match(delivery, kept), **files}, json_text(whole(delivery)), line(delivery))
            self._partly.told(delivery)
        self._partly.done(deliveries)

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`."""
        await self._run(of_record(record), json_text(record), str(record.get("text", "")) + "\n")

    async def close(self) -> None:
        """Nothing is held."""

    async def _run(self, variables: Mapping[str, str], json: str, text: str) -> None:
        with _files(json, text) as files, Ear() as ear:
            given = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
            with files["JSON_FILENAME"].open("rb") as whole_file:
                process = await self._started(
                    {**given, **variables, **{name: str(path) for name, path in files.items()}},
                    whole_file.fileno(),
                    ear,
                )
            try:
                async with self._clock.deadline(self._settings.timeout):
                    status = await process.wait()
            except TimeoutError:
                raise Refused(f"{self._program} had not ended after {self._settings.timeout:g} s") from None
            finally:
                await self._end(process)
            if status:
                said = f": {ear.last()}" if ear.last() else ""
                why = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
                kind = RemoteError if status == TEMPORARY else Refused
                raise kind(f"{self._program} {why}{said}")

    async def _started(self, variables: Mapping[str, str], given: int, ear: Ear) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                self._file,
                *self._settings.command[1:],
                stdin=given,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=ear.mouth,
                cwd=self._settings.directory,
                env=variables,
                start_new_session=True,
            )
        except OSError as error:
            raise RemoteError(f"{self._program} can't be run: {error.strerror}") from error

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Ends it and its process group: what it started, too."""
        if process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with self._clock.deadline(MERCY):
                    await process.wait()
        _signal(process.pid, signal.SIGKILL)
        await process.wait()

    @property
    def _program(self) -> str:
        return quoted(self._settings.command[0])


class Ear:
    """Hears what a program says on standard error, as long as we listen, and keeps the last of it. Whoever else has the
    pipe open, which may be a daemon, keeps nobody waiting."""

    def __init__(self) -> None:
        self.mouth = -1
        self._ear = -1
        self._heard = b""

    def __enter__(self) -> Ear:
        self._ear, self.mouth = os.pipe()
        os.set_blocking(self._ear, False)
        asyncio.get_running_loop().add_reader(self._ear, self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._ear)
        os.close(self._ear)
        os.close(self.mouth)

    def last(self) -> str:
        """The last line that was said, inert."""
        self._listen()
        lines = self._heard.decode("utf-8", "replace").strip().splitlines()
        return short(lines[-1], 200) if lines else ""

    def _listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while more := os.read(self._ear, 1 << 16):
                self._heard = (self._heard + more)[-_HEARD:]


@contextlib.contextmanager
def _files(whole: str, text: str) -> Iterator[dict[str, Path]]:
    """The files that the program finds a match in; they go when it has ended."""
    with tempfile.TemporaryDirectory(prefix="certhia-", ignore_cleanup_errors=True) as folder:
        files = {"JSON_FILENAME": Path(folder, "match.json"), "TEXT_FILENAME": Path(folder, "match.txt")}
        files["JSON_FILENAME"].write_bytes(encode(whole + "\n", "utf-8"))
        files["TEXT_FILENAME"].write_bytes(encode(text, "utf-8"))
        yield files


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _found(program: str) -> str | None:
    """Where a program is, whatever directory it is run in."""
    there = shutil.which(program)
    return None if there is None else str(Path(there).absolute())
