"""`certhia quarantine retry`: what an older version could not read and this one can."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Command

from certhia.cli import retrial
from certhia.clock import Clock
from certhia.housekeeping import Housekeeping
from certhia.logs.pace import Paces
from certhia.store import State, codec
from certhia.testing import FakeLog, World
from certhia.testing.cache import Cache


@pytest.fixture
def world() -> World:
    """Logs with an entry each that nobody can decode, then three that any can."""
    made = World()
    one = made.rfc6962("one", description="First Log 2026")
    two = made.static("two", description="Second Log 2026")
    for log in (one, two):
        log.add(made.ca.undecodable("garbage"))
    made.grow(3)
    return made


@pytest.fixture
def followed(certhia: Command, log_list: str, state: Path, world: World) -> Path:
    """A state in which an older version could not read the entries 2, instead of 0."""
    done = certhia(
        "watch", "other.test", "--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now", "-q"
    )
    assert done.status == 0, done.err
    for log in world.logs.values():
        instead(state, log, 2, keep=log.name == "one")
    return state


def instead(state: Path, log: FakeLog, index: int, *, keep: bool) -> None:
    """Makes the log's quarantined entry the one at `index`, as if an older version had met it."""
    with closing(sqlite3.connect(state / "state.db")) as hand:
        hand.row_factory = sqlite3.Row
        query = "SELECT quarantine.* FROM quarantine JOIN logs ON logs.id = log WHERE log_id = ?"
        row: dict[str, Any] = dict(hand.execute(query, (log.id,)).fetchone())
        before = row["mark"]
        leaf = log.entries[index].leaf_input if keep else b""
        row |= {"index": index, "leaf_hash": log.tree.leaf(index), "leaf_input": leaf, "reason": "a newfangled one"}
        row["mark"] = codec.mark("quarantine", codec.QUARANTINE_COLUMNS, row)
        hand.execute(
            'UPDATE quarantine SET "index"=:index, leaf_hash=:leaf_hash, leaf_input=:leaf_input, reason=:reason, '
            "mark=:mark WHERE log=:log",
            row,
        )
        (total,) = hand.execute("SELECT sum FROM tallies WHERE name='quarantine'").fetchone()
        hand.execute(
            "UPDATE tallies SET sum=? WHERE name='quarantine'", ((total - before + row["mark"]) % codec.MARKS,)
        )
        hand.commit()


def sound(certhia: Command, state: Path) -> bool:
    return certhia("fsck", "--state", state).err.endswith("sound\n")


def test_what_can_be_read_now_is_told_matched_and_marked(certhia: Command, followed: Path, world: World) -> None:
    name = world.logs["one"].entries[2].submission.names[0]  # type: ignore[union-attr]
    done = certhia("quarantine", "retry", name, "-f", "jsonl", "--state", followed)
    assert done.status == 0, done.err
    (record,) = [json.loads(line) for line in done.out.splitlines()]
    assert (record["matched_domain"], record["index"], record["verified"]) == (name, 2, True)
    assert done.err.splitlines() == [
        f"First Log 2026 #2: can be read now: {name}",
        "2 tried, 1 can be read now, 1 of them match, 0 still can't, 1 were too large to keep: --fetch gets them again",
    ]
    assert len(certhia("quarantine", "list", "--state", followed).out.splitlines()) == 1
    both = certhia("quarantine", "list", "--resolved", "--state", followed)
    assert "read by a later version" in both.out
    assert both.err == "2 entries in 2 logs\n"
    assert sound(certhia, followed)


def test_without_rules_the_report_is_what_is_printed(certhia: Command, followed: Path) -> None:
    done = certhia("quarantine", "retry", "--log", "first*", "--state", followed)
    assert done.out.startswith("First Log 2026 #2: can be read now: host")
    assert done.err == "1 tried, 1 can be read now, 0 still can't\n"


def test_one_that_was_too_large_is_fetched(certhia: Command, followed: Path, world: World) -> None:
    done = certhia("quarantine", "retry", "--fetch", "example.com", "-f", "csv", "--state", followed)
    assert len(done.out.splitlines()) == 3
    assert done.err.splitlines()[-1] == "2 tried, 2 can be read now, 2 of them match, 0 still can't"
    assert certhia("quarantine", "list", "--state", followed).out == ""
    assert sound(certhia, followed)


def test_another_entry_than_the_one_that_was_read_is_not_taken(certhia: Command, followed: Path, world: World) -> None:
    log = world.logs["two"]
    log.entries[2], log.entries[1] = log.entries[1], log.entries[2]
    log.cached = Cache(0)
    done = certhia("quarantine", "retry", "--fetch", "--log", "second*", "--state", followed)
    assert "could not be fetched: " in done.out
    assert "serves another entry than the one that was read" in done.out
    assert done.err == "1 tried, 0 can be read now, 1 still can't\n"


def test_what_still_makes_no_sense_keeps_its_reason(certhia: Command, followed: Path, world: World) -> None:
    instead(followed, world.logs["one"], 0, keep=True)
    done = certhia("quarantine", "retry", "--log", "first*", "--state", followed)
    assert done.err == "1 tried, 0 can be read now, 1 still can't\n"
    assert "a newfangled one" in certhia("quarantine", "list", "--state", followed).out


def test_a_rule_that_makes_no_sense_changes_nothing(certhia: Command, followed: Path) -> None:
    done = certhia("quarantine", "retry", "kw:", "--state", followed)
    assert done.status == 2
    assert len(certhia("quarantine", "list", "--state", followed).out.splitlines()) == 2


async def beside_a_follower(state: State, *arguments: str) -> tuple[int, str]:
    """Runs the command in a process of its own while the state is followed."""
    house = Housekeeping(state, Paces(Clock()), list, lambda *_, **__: None, clock=Clock())
    beside = [asyncio.ensure_future(work) for work in (house.requests(_nothing), state.writer.run())]
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "certhia", *arguments, stderr=asyncio.subprocess.PIPE
        )
        _, told = await process.communicate()
        return process.returncode or 0, told.decode()
    finally:
        for one in beside:
            one.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _nothing() -> None: ...


async def test_a_running_follower_marks_them(followed: Path) -> None:
    async with await State.open(followed, clock=Clock(), follow=True) as state:
        status, told = await beside_a_follower(
            state, "quarantine", "retry", "example.com", "-f", "silent", "--state", str(followed)
        )
        assert status == 0, told
        assert (await state.totals())["resolved"] == 1


def test_a_follower_that_does_not_answer_is_told(
    certhia: Command, followed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from certhia.store.lock import Lock

    monkeypatch.setattr(retrial, "ANSWER_WITHIN", 0.3)
    lock = Lock(followed)
    try:
        done = certhia("quarantine", "retry", "--state", followed)
    finally:
        lock.release()
    assert done.status == 1
    assert "it does when it next looks for requests" in done.err
