"""`certhia quarantine list` and `show`."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.alarms.unread import REASON
from certhia.clock import Clock
from certhia.model import Quarantined
from certhia.store import State
from certhia.testing import RawEntry, World


@pytest.fixture
def world() -> World:
    """Logs with entries that nobody can decode."""
    made = World()
    one = made.rfc6962("one", description="First Log 2026", operator="Ops")
    two = made.static("two", description="Second Log 2026", operator="Else")
    one.add(made.ca.undecodable("truncated"), *(RawEntry(b"\0\0\0%d" % number) for number in range(4)))
    large = replace(made.ca.undecodable("garbage"), der=bytes(1 << 17))
    two.add(made.ca.undecodable("garbage"), large)
    made.grow(3)
    return made


@pytest.fixture
def followed(certhia: Command, log_list: str, state: Path) -> Path:
    """A state in which they are."""
    done = certhia(
        "watch", "example.com", "--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now"
    )
    assert done.status == 0, done.err
    assert "7 quarantined" in done.err
    assert f"certhia quarantine list --state {state} shows the entries that could not be decoded" in done.err
    return state


def test_list(certhia: Command, followed: Path) -> None:
    done = certhia("quarantine", "list", "--state", followed)
    lines = done.out.splitlines()
    assert (done.status, len(lines)) == (0, 7)
    assert "First Log 2026 #0" in lines[0]
    assert done.err == "7 undecodable entries in 2 logs\n"


def test_seen(certhia: Command, followed: Path) -> None:
    """Without a follower; beside one: tests/alarms/test_unread.py."""

    async def put() -> None:
        async with await State.open(followed, clock=Clock(), follow=True) as state:
            (log,) = [seen.log for seen in await state.logs_seen() if seen.log.description == "Second Log 2026"]
            state.writer.quarantine(Quarantined(log.id, 3, REASON, bytes(32)))

    asyncio.run(put())
    for glob, count in (("*first*", 0), ("*second*", 1), ("*", 0)):
        done = certhia("quarantine", "seen", "--log", glob, "--state", followed)
        assert (done.status, done.out.partition(" ")[0], done.err) == (0, str(count), "")
    assert certhia("quarantine", "list", "--state", followed).err == "8 undecodable entries in 2 logs\n", "they stay"


def test_which_are_listed(certhia: Command, followed: Path) -> None:
    some = certhia("quarantine", "list", "--limit", 2, "--state", followed)
    assert len(some.out.splitlines()) == 2
    assert some.err == "7 undecodable entries in 2 logs; 5 more are not shown: --limit 0 lists all\n"
    assert len(certhia("quarantine", "list", "--limit", 0, "--state", followed).out.splitlines()) == 7
    for glob in ("*second*", "ELSE", "*/two/"):
        one = certhia("quarantine", "list", "--log", glob, "--state", followed)
        assert one.err == "2 undecodable entries in 1 logs\n", glob
    assert certhia("quarantine", "list", "--log", "nobody", "--state", followed).out == ""


def test_as_json(certhia: Command, followed: Path, world: World) -> None:
    done = certhia("quarantine", "list", "--json", "--state", followed)
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["log"], row["index"]) for row in rows[-2:]] == [("Second Log 2026", 0), ("Second Log 2026", 1)]
    assert rows[0]["leaf_hash"] == world.logs["one"].tree.leaf(0).hex()
    assert [row["bytes"] for row in rows[-2:]] == [len(world.logs["two"].entries[0].leaf_input), None]
    assert {row["resolved"] for row in rows} == {None}


def test_show(certhia: Command, followed: Path, world: World) -> None:
    done = certhia("quarantine", "show", "first", 0, "--state", followed)
    text = dict(line.split(maxsplit=1) for line in done.out.splitlines() if not line.startswith(("0", " ", "leaf ")))
    assert text["log"].startswith("First Log 2026 (")
    assert text["names"].startswith("broken-")
    assert text["fetch"].endswith("one/ct/v1/get-entries?start=0&end=0")
    lines = done.out.splitlines()
    mark = next(number for number, line in enumerate(lines) if "^^ byte" in line)
    assert lines[mark].endswith("^^ byte 15"), "the certificate stands behind 15 bytes of the leaf"
    assert lines[mark - 1][lines[mark].index("^^") :][:2] == "30"


def test_show_of_one_that_was_too_large_to_keep(certhia: Command, followed: Path) -> None:
    done = certhia("quarantine", "show", "second", 1, "--state", followed)
    assert "leaf       over 65,536 bytes, not kept" in done.out
    assert "tile/data/000" in done.out
    assert "^^" not in done.out


def test_show_as_json(certhia: Command, followed: Path, world: World) -> None:
    one = json.loads(certhia("quarantine", "show", "first", 0, "--json", "--state", followed).out)
    assert base64.b64decode(one["leaf_input"]) == world.logs["one"].entries[0].leaf_input
    assert one["fault_at"] == 15
    assert one["names"][0].startswith("broken-")


def test_what_is_not_there(certhia: Command, followed: Path, tmp_path: Path) -> None:
    done = certhia("quarantine", "show", "first", 7, "--state", followed)
    assert (done.status, done.out) == (2, "")
    assert "entry 7 is not in quarantine in" in done.err
    assert certhia("quarantine", "show", "nobody knows it", 1, "--state", followed).status == 2
    nowhere = certhia("quarantine", "list", "--state", tmp_path / "nowhere")
    assert nowhere.status == 1
    assert "there is no state here" in nowhere.err
