"""A session that reads certstream servers, in simulated time, and what it printed."""

from __future__ import annotations

import json
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
