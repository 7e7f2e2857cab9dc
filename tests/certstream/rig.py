"""A session that reads certstream servers, in simulated time, and what it printed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from certhia.cli.session import Session
from certhia.config import load
from certhia.testing import World


class Printed:
    """What a session left on standard output and standard error."""

    def __init__(self, out: str, err: str) -> None:
        self.matches = [json.loads(line) for line in out.splitlines()]
        self.err = err

    @property
    def names(self) -> list[str]:
        return [match["rules"][0]["name"] for match in self.matches]


async def watched(
    world: World, path: Path, capfd: pytest.CaptureFixture[str], urls: list[str], seconds: float = 12, **given: Any
) -> Printed:
    """Runs `certhia watch` over these servers."""
    settings: dict[str, object] = {
        "read.certstream": urls,
        "state.name": f"{path}/state",
        "read.contact": "mailto:us@certhia.test",
        "watch.rules": ["example.com"],
        "output.format": "jsonl",
    }
    settings |= {name.replace("__", "."): value for name, value in given.items()}
    capfd.readouterr()
    session = Session(load(settings, None, {"HOME": str(path)}), clock=world.clock, seconds=seconds)
    assert await session.run() == 0
    return Printed(*capfd.readouterr())


@asynccontextmanager
async def session_serving(world: World, path: Path, values: Mapping[str, object], seconds: float) -> AsyncIterator[str]:
    """A session of `certhia serve` with these settings; gives where it listens."""
    settings = load({"serve.listen": "127.0.0.1:0", **values}, None, {"HOME": str(path)})
    async with asyncio.TaskGroup() as group:
        session = Session(settings, clock=world.clock, seconds=seconds, serve=True)
        running = group.create_task(session.run())
        assert session._serving is not None
        while session._serving.server is None or not session._serving.server.addresses:  # noqa: ASYNC110
            await asyncio.sleep(0)
        yield f"ws://{session._serving.server.addresses[0]}"
        assert await running == 0
