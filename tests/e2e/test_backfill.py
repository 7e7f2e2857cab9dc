"""A backfill beside a live follow in processes of their own: killed, started again, and all of it sound."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import in_file
from tests.e2e.test_kill import FILE, Trap, told_once
from tests.e2e.worlds import Served, served

from certhia.testing import World

pytestmark = pytest.mark.e2e

OLD = 900
KILLS = 4


@pytest.fixture
def trap() -> Trap:
    return Trap()


@pytest.fixture
def grown(trap: Trap) -> Iterator[Served]:
    """Logs with a past."""
    world = World()
    world.rfc6962("alpha", max_get_entries=8)
    world.static("beta", drop_partials=True)
    world.grow(OLD)
    for log in world.logs.values():
        log.on_request = trap
    with served(world) as there:
        yield there


def ranges(certhia: Certhia) -> list[list[tuple[int, int]]]:
    """What is verified of each log."""
    shown = certhia.done("ledger", "--json", "--state", str(certhia.state)).out
    return [[(one["start"], one["end"]) for one in json.loads(row)["verified"]] for row in shown.splitlines()]


def told(path: Path, count: int) -> bool:
    return len({record["matched_domain"] for record in in_file(path)}) >= count


def either(trap: Trap, other: Callable[[], bool]) -> bool:
    return trap.sprung.is_set() or other()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["--reverse", "--quiet"])
def test_beside_a_follower_that_is_killed(certhia: Certhia, grown: Served, trap: Trap, way: str) -> None:
    choose = random.Random(11)
    state = ("--state", str(certhia.state))
    path = certhia.directory / FILE
    follow = ("example.com", "--from", "now", "-f", "silent", "-o", FILE)
    follower = certhia.watch(grown, *follow)
    follower.until(lambda: {position for position, _ in certhia.positions(grown).values()} == {OLD})
    names = {f"host{number}.example.com" for number in range(20, OLD)}
    names |= {*grown.grow(3)}
    follower.until(lambda: len(in_file(path)) >= 3, "what is new is told first")
    beside = certhia("backfill", "all", "--from", "20", way, "--detach", *state)
    assert beside.end() == 0, beside.err
    for _ in range(KILLS):
        names |= {*grown.grow(choose.randint(1, 5))}
        trap.set(choose.randint(5, 60))
        follower.until(partial(either, trap, partial(told, path, len(names))))
        follower.kill(signal.SIGKILL)
        assert follower.end() == -signal.SIGKILL, follower.err
        certhia.is_sound()
        follower = certhia.watch(grown, *follow)
    follower.says("Resumed")
    again = certhia("backfill", "all", "--from", "20", *([way] if way == "--reverse" else []), *state)
    assert again.end() == 0, again.err
    assert "left to the running follower, process" in again.err
    follower.until(partial(told, path, len(names)))
    follower.stop()
    certhia.is_sound()
    end = OLD + len(names) - (OLD - 20)
    assert ranges(certhia) == [[(20, end)]] * 2
    told_once(certhia, names)


@pytest.mark.slow
def test_killed_by_itself(certhia: Certhia, grown: Served, trap: Trap) -> None:
    given = ("--from", "0", "--log-list", grown.list_url, "--state", str(certhia.state), "-f", "silent", "-o", FILE)
    for requests in (4, 20, 60, 90):
        trap.set(requests)
        program = certhia("backfill", "all", "example.com", *given)
        program.until(trap.sprung.is_set)
        program.kill(signal.SIGKILL)
        assert program.end() == -signal.SIGKILL, program.err
    last = certhia("backfill", "all", "example.com", *given)
    assert last.end() == 0, last.err
    certhia.is_sound()
    assert ranges(certhia) == [[(0, OLD)]] * 2
    told_once(certhia, {f"host{number}.example.com" for number in range(OLD)})


def test_left_and_cancelled(certhia: Certhia, grown: Served) -> None:
    state = ("--state", str(certhia.state))
    follower = certhia.watch(grown, "example.com", "--from", "now", "-f", "silent", "--max-rate", "8")
    follower.until((certhia.state / "state.db").exists)
    beside = certhia("backfill", "alpha", "--from", "beginning", *state)
    beside.says("left to the running follower")
    beside.until(lambda: "alpha" in certhia.done("backfill", *state).out)
    beside.kill(signal.SIGINT)
    assert beside.end() == 130
    assert "goes on in the follower" in beside.err
    shown = certhia.done("backfill", "--json", *state).out
    assert json.loads(shown)["ended"] is None
    done = certhia.done("backfill", "alpha", "--cancel", *state)
    assert done.out.startswith("1 backfills were cancelled")
    assert json.loads(certhia.done("backfill", "--json", *state).out)["outcome"] == "cancelled"
    follower.stop()
    certhia.is_sound()
