"""`certhia alarms`: what was wrong, and until when."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.clock import Clock
from certhia.model import Alarm
from certhia.store import State

AT = 1_795_000_000.0  # Unix seconds


@pytest.fixture
def filled(state: Path) -> Path:
    """Three alarms, of which one is not over."""

    async def fill() -> None:
        async with await State.open(state, clock=Clock(), follow=True) as opened:
            opened.writer.alarm(Alarm("contact", "no contact", AT), AT + 300)
            opened.writer.alarm(Alarm("disk:/", "full", AT + 100), AT + 700)
            opened.writer.alarm(Alarm("stale:ab", "silent", AT + 200, "First"))
            await opened.writer.durable()

    asyncio.run(fill())
    return state


def test_for_people(certhia: Command, filled: Path) -> None:
    done = certhia("alarms", "--state", filled)
    first, *others = done.out.splitlines()
    assert (done.status, done.err) == (0, "")
    assert first.startswith("2026-11-18 11:10:00  not over, ")
    assert first.endswith(" so far  First: silent")
    assert others == [
        "2026-11-18 11:08:20  over after 10 min  full",
        "2026-11-18 11:06:40  over after 5 min  no contact",
    ]


def test_since(certhia: Command, filled: Path) -> None:
    done = certhia("alarms", "--state", filled, "--since", "2026-11-18T11:15:00Z", "-f", "jsonl")
    assert [json.loads(line)["kind"] for line in done.out.splitlines()] == ["stale", "disk"]


def test_a_few(certhia: Command, filled: Path) -> None:
    done = certhia("alarms", "--state", filled, "--limit", "1")
    assert (len(done.out.splitlines()), done.err) == (1, "more are there: --limit 2, or 0 for all, shows them\n")


def test_none(certhia: Command, state: Path) -> None:
    async def make() -> None:
        async with await State.open(state, clock=Clock(), follow=True):
            pass

    asyncio.run(make())
    done = certhia("alarms", "--state", state)
    assert (done.status, done.out, done.err) == (0, "", "no alarms\n")


def test_a_form_that_is_none(certhia: Command, state: Path) -> None:
    done = certhia("alarms", "--state", state, "--format", "xml")
    assert done.status != 0
    assert "write human or jsonl" in done.err
