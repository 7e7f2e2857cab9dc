"""`certhia events`: what happened."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import jsonschema
import pytest
from tests.cli.conftest import Command

from certhia.clock import Clock
from certhia.events.schema import schema
from certhia.store import State
from certhia.store.eventrow import EventRow

AT = 1_795_000_000.0  # Unix seconds


@pytest.fixture
def filled(state: Path) -> Path:
    rows: list[tuple[str, str, dict[str, object]]] = [
        ("log.failed", "", {"log": "First", "kind": "health", "text": "no \x1b[31manswer"}),
        ("match.found", "ab" * 32, {"id": "ab" * 32, "names": ["a.example", "b.example"], "verified": True}),
        ("scan.started", "cd" * 16, {"scan_id": "cd" * 16, "targets": []}),
    ]

    async def fill() -> None:
        async with await State.open(state, clock=Clock(), follow=True) as opened:
            for number, (kind, correlation, data) in enumerate(rows):
                name = f"018bcfe5-6800-7000-8000-{number:012d}"
                opened.writer.event(EventRow(name, kind, AT + number * 60, "watch", correlation, 1, data), 10)
            await opened.writer.durable()

    asyncio.run(fill())
    return state


def test_for_people(certhia: Command, filled: Path) -> None:
    done = certhia("events", "--state", filled)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "2026-11-18 11:06:40 log.failed             text=no \\x1b[31manswer kind=health log=First",
        f"2026-11-18 11:07:40 match.found            names=a.example,b.example id={'ab' * 32} verified=true "
        "[abababababababab]",
        f"2026-11-18 11:08:40 scan.started           scan_id={'cd' * 16} [cdcdcdcdcdcdcdcd]",
    ]


def test_for_programs(certhia: Command, filled: Path) -> None:
    done = certhia("events", "--state", filled, "--format", "json", "--type", "log.*", "-t", "match.found")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert [one["type"] for one in told] == ["log.failed", "match.found"]
    assert told[1]["metadata"] == {"correlation_id": "ab" * 32, "version": 1}
    jsonschema.validate(told[0], schema())


def test_a_few_and_since(certhia: Command, filled: Path) -> None:
    assert len(certhia("events", "--state", filled, "--limit", "1").out.splitlines()) == 1
    done = certhia("events", "--state", filled, "--since", "2026-11-18T11:08:00Z")
    assert "scan.started" in done.out
    assert "match.found" not in done.out


def test_types_of_modules_are_known_where_some_are_kept(certhia: Command, filled: Path) -> None:
    async def fill() -> None:
        async with await State.open(filled, clock=Clock(), follow=True) as opened:
            opened.writer.event(EventRow("018bcfe5-6900", "mine.seen", AT, "modules", "", 1, {"n": 1}), 10)
            await opened.writer.durable()

    asyncio.run(fill())
    assert "n=1" in certhia("events", "--state", filled, "--type", "mine.*").out
    done = certhia("events", "--state", filled, "--type", "mine.sen")
    assert (done.status, "did you mean mine.seen?" in done.err) == (2, True)


def test_none(certhia: Command, filled: Path) -> None:
    done = certhia("events", "--state", filled, "--type", "worker.*")
    assert (done.status, done.out, done.err) == (0, "", "no events\n")


@pytest.mark.parametrize(
    "option, value, said",
    [
        ("--format", "xml", 'certhia: --format "xml" is none: write human or json'),
        ("--type", "scan", 'certhia: --type "scan" is no type of events; write scan.* for all that begin so'),
        ("--type", "match.foud", 'certhia: --type "match.foud" is no type of events; did you mean match.found?'),
        ("--type", "Match.Found", 'certhia: --type "Match.Found" is no type of events, and no glob of them'),
        ("--type", "match.found,scan.*", 'certhia: --type "match.found,scan.*" is no type of events, and no glob'),
        (
            "--type",
            "sacn.*",
            'certhia: --type "sacn.*" is no type of events, and none that is kept is like it; did you mean scan.*?',
        ),
        ("--type", "mine.*", 'certhia: --type "mine.*" is no type of events, and none that is kept is like it; known'),
    ],
)
def test_what_makes_no_sense(certhia: Command, filled: Path, option: str, value: str, said: str) -> None:
    done = certhia("events", "--state", filled, option, value)
    assert done.status == 2
    assert done.err.startswith(said), done.err
