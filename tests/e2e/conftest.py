"""Worlds to follow and the program to follow them with. Everything that a test starts ends with it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.e2e.program import Launcher, Program
from tests.e2e.worlds import Served, served

from certhia.testing import World


class Certhia:
    """Runs the program with a state and a working directory of the test's own."""

    def __init__(self, launcher: Launcher, directory: Path) -> None:
        self.launcher = launcher
        self.directory = directory
        self.state = directory / "state"
        self.where = str(self.state)  # as `--state` has it: a database may stand here instead
        self.started: list[Program] = []

    def __call__(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        out: int | None = None,
        err: int | None = None,
    ) -> Program:
        """Starts `certhia ARGUMENTS`."""
        program = self.launcher.start(*arguments, directory=self.directory, environment=environment, out=out, err=err)
        self.started.append(program)
        return program

    def watch(self, world: Served, *arguments: str, **options: object) -> Program:
        """Starts `certhia watch` on a world: from its beginning unless told otherwise, without long pauses."""
        state = () if "--state" in arguments else ("--state", self.where)
        begin = () if "--from" in arguments else ("--from", "beginning")
        given = ("--log-list", world.list_url, "--poll", "200ms", "--patience", "0", *begin, *state)
        return self("watch", *arguments, *given, **options)  # type: ignore[arg-type]

    def read(self, world: Served, *arguments: str, **options: object) -> Program:
        """Runs `certhia watch --until now` to its end, JSON lines on standard output."""
        form = () if {"-f", "--format"} & {*arguments} else ("-f", "jsonl")
        program = self.watch(world, *arguments, "--until", "now", *form, **options)
        assert program.end() == 0, program.err
        assert "Traceback" not in program.err
        return program

    def done(self, *arguments: str, status: int = 0, **options: object) -> Program:
        """Runs a command to its end."""
        program = self(*arguments, **options)  # type: ignore[arg-type]
        assert program.end() == status, program.out + program.err
        assert "Traceback" not in program.err
        return program

    def installed(self, *arguments: str, **options: object) -> Program:
        """Starts the installed command, imports and all."""
        program = self.launcher.installed(*arguments, directory=self.directory, **options)  # type: ignore[arg-type]
        self.started.append(program)
        return program

    def is_sound(self) -> None:
        """The state proves what it says."""
        checked = self.done("fsck", "--state", self.where)
        assert "sound" in checked.err

    def positions(self, world: Served) -> dict[str, tuple[int, int]]:
        """Verified position and size of each log, by description."""
        import json

        shown = self.done("logs", "--json", "--log-list", world.list_url, "--state", self.where)
        return {row["description"]: (row["position"], row["size"]) for row in json.loads(shown.out)}

    def close(self) -> None:
        """Ends what is left."""
        for program in self.started:
            if program.status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGKILL)
                program.end()


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    home = tmp_path_factory.mktemp("home")
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "COV", "COVERAGE", "PYTHON"))}
    launcher = Launcher(kept | {"HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "xterm"})
    yield launcher
    launcher.close()


@pytest.fixture
def certhia(launcher: Launcher, tmp_path: Path) -> Iterator[Certhia]:
    program = Certhia(launcher, tmp_path)
    yield program
    program.close()


@pytest.fixture(scope="module")
def small() -> Iterator[Served]:
    """Three logs, one of each kind, with the same 40 entries; it does not grow."""
    world = World()
    world.rfc6962("alpha", max_get_entries=32)
    world.static("beta")
    world.hybrid("gamma")
    world.grow(40)
    with served(world) as there:
        yield there


@pytest.fixture
def pair() -> Iterator[Served]:
    """An RFC 6962 log and a static one, of 20 entries each, to be changed as a test likes."""
    world = World()
    world.rfc6962("alpha", max_get_entries=32)
    world.static("beta", drop_partials=True)
    world.grow(20)
    with served(world) as there:
        yield there
