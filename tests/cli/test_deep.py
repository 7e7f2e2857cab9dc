"""`certhia fsck --deep`: what was verified, read again from the logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.logs import enduring
from certhia.testing import World, fail
from certhia.testing.hostile import flipped_leaf


@pytest.fixture
def followed(certhia: Command, log_list: str, state: Path) -> Path:
    """A state with something in it."""
    done = certhia(
        "watch", "example.com", "--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now", "-q"
    )
    assert done.status == 0, done.err
    return state


@pytest.fixture
def ill(world: World) -> Iterator[str]:
    """The description of a log that serves another entry now than it did."""
    log = next(iter(world.logs.values()))
    log.hooks.append(fault := flipped_leaf(3))
    yield log.settings.description
    log.hooks.remove(fault)


def test_sound(certhia: Command, followed: Path) -> None:
    done = certhia("fsck", "--deep", "--state", followed)
    assert (done.status, done.out) == (0, "")
    assert sum("entries read again: as verified" in line for line in done.err.splitlines()) == 3


def test_the_entry_is_named(certhia: Command, followed: Path, ill: str) -> None:
    done = certhia("fsck", "--deep", "--state", followed, "--log", ill)
    assert done.status == 1
    assert "entry 3: is not the entry that was verified" in done.out
    assert "entries read again: 1 differences" in done.err


def test_a_log_that_refuses(certhia: Command, followed: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said at once that it keeps us waiting, and in the end what could not be read."""
    monkeypatch.setattr(enduring, "LONGEST", 0.3)
    monkeypatch.setattr(enduring, "TELL_AFTER", 0.0)
    log = next(iter(world.logs.values()))
    log.hooks.append(fail(429, endpoints=["get-entries"]))
    done = certhia("fsck", "--deep", "--state", followed, "--log", log.settings.description)
    assert done.status == 1
    assert f"{log.settings.description}: keeps us waiting: " in done.err
    assert ": could not be read again: given up after " in done.out
    assert "0 entries read again: 1 range could not be read again" in done.err


def test_as_json(certhia: Command, followed: Path, ill: str) -> None:
    done = certhia("fsck", "--deep", "--state", followed, "--json")
    (found,) = [json.loads(line) for line in done.out.splitlines()]
    assert (found["start"], found["end"], found["unread"]) == (3, 4, False)
    assert found["log_url"]


def test_a_log_without_deep(certhia: Command, followed: Path) -> None:
    done = certhia("fsck", "--state", followed, "--log", "First Log")
    assert done.status == 2
    assert "goes with --deep" in done.err
    assert "no log called" in certhia("fsck", "--deep", "--log", "nosuchlog", "--state", followed).err


def test_a_backfilled_block(certhia: Command, log_list: str, state: Path, world: World) -> None:
    given = ("--log-list", log_list, "--state", state, "-q")
    done = certhia("watch", "example.com", *given, "--from=-10", "--until", "now")
    assert done.status == 0, done.err
    done = certhia("backfill", "all", "example.com", *given, "--from", "0")
    assert done.status == 0, done.err
    sound = certhia("fsck", "--deep", "--state", state)
    assert (sound.status, sound.out) == (0, "")
    assert sound.err.count("40 entries read again, 30 of them in 4 backfilled blocks: as verified") == 3
    log = next(iter(world.logs.values()))
    log.hooks.append(fault := flipped_leaf(3))
    found = certhia("fsck", "--deep", "--state", state)
    told = certhia("fsck", "--deep", "--state", state, "--json")
    log.hooks.remove(fault)
    assert found.status == 1
    assert "entry 3 of the backfilled block 0 to 15: is not the entry that was verified" in found.out
    one = json.loads(told.out)
    assert (one["start"], one["end"], one["backfilled"], one["part"]) == (3, 4, True, {"start": 0, "end": 16})
