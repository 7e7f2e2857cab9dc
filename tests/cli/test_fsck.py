"""`certhia fsck`: whether the state still proves what it says."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from tests.cli.conftest import Command


@pytest.fixture
def followed(certhia: Command, log_list: str, state: Path) -> Path:
    """A state with something in it."""
    done = certhia(
        "watch", "example.com", "--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now", "-q"
    )
    assert done.status == 0, done.err
    return state


def damage(state: Path, statement: str) -> None:
    connection = sqlite3.connect(state / "state.db")
    with connection:
        connection.execute(statement)
    connection.close()


def test_sound(certhia: Command, followed: Path) -> None:
    done = certhia("fsck", "--state", followed)
    assert (done.status, done.out) == (0, "")
    assert done.err.splitlines() == [f"{followed}: 3 logs, {steps(followed)} steps, 40 matches: sound"]


def steps(state: Path) -> int:
    connection = sqlite3.connect(state / "state.db")
    (count,) = connection.execute("SELECT count(*) FROM steps").fetchone()
    connection.close()
    return int(count)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM steps WHERE rowid = (SELECT max(rowid) FROM steps)",
        "UPDATE logs SET end = end - 1 WHERE id = 1",
        "DELETE FROM matches WHERE id = 3",
        "UPDATE steps SET head_root = zeroblob(32) WHERE end = 40",
    ],
)
def test_a_changed_row_is_found(certhia: Command, followed: Path, statement: str) -> None:
    damage(followed, statement)
    done = certhia("fsck", "--state", followed)
    assert done.status == 1
    assert done.out
    assert done.err.splitlines()[-1].endswith("faults")


def test_as_json(certhia: Command, followed: Path) -> None:
    damage(followed, "DELETE FROM matches WHERE id = 3")
    done = certhia("fsck", "--json", "--state", followed)
    assert done.status == 1
    assert all(json.loads(line) for line in done.out.splitlines())


def test_no_state(certhia: Command, state: Path) -> None:
    done = certhia("fsck", "--state", state)
    assert done.status == 1
    assert "there is no state here" in done.err
    assert len(done.err.splitlines()) == 1
