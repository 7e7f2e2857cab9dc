"""The command line in this process, and a world served on loopback for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from certhia.cli.app import run
from certhia.testing import World


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def certhia(capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line as the program would, in this process."""

    def call(*arguments: object) -> Done:
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        code = caught.value.code
        return Done(code if isinstance(code, int) else 0 if code is None else 1, out, err)

    return call


@pytest.fixture
def world() -> World:
    """A log of each kind with the same 40 entries, by the machine's clock."""
    made = World()
    made.rfc6962("one", description="First Log 2026", operator="Ops")
    made.static("two", description="Second Log 2026", operator="Ops")
    made.hybrid("three", description="Third Log 2026", operator="Else")
    made.grow(40)
    return made


@pytest.fixture
def log_list(world: World) -> Iterator[str]:
    """URL of the log list of `world`, which is served from a thread meanwhile."""
    ready: list[str] = []
    started = threading.Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with world.serve() as url:
            ready.append(f"{url}log_list.json")
            started.set()
            await over.wait()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=work, name="world", daemon=True)
    thread.start()
    assert started.wait(20)
    yield ready[0]
    loop.call_soon_threadsafe(over.set)
    thread.join(20)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where the commands' state goes."""
    return tmp_path / "state"
