"""SIGKILL at any moment loses nothing and tells nothing twice without saying so."""

from __future__ import annotations

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import Program, in_file
from tests.e2e.worlds import Served, served

from certhia.testing import Request, World

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLS = 30
FILE = "all.jsonl"


class Trap:
    """Lets something happen at the n-th request that the logs see: a moment that has nothing to do with the clock."""

    def __init__(self) -> None:
        self.left = 0
        self.sprung = threading.Event()

    def set(self, requests: int) -> None:
        self.sprung.clear()
        self.left = requests

    def __call__(self, request: Request) -> None:
        self.left -= 1
        if self.left == 0:
            self.sprung.set()


@pytest.fixture
def trap() -> Trap:
    return Trap()


@pytest.fixture
def trapped(trap: Trap) -> Iterator[Served]:
    world = World()
    world.rfc6962("alpha", max_get_entries=8)
    world.static("beta", drop_partials=True)
    for log in world.logs.values():
        log.on_request = trap
    with served(world) as there:
        yield there


def test_killed_at_random_moments(certhia: Certhia, trapped: Served, trap: Trap) -> None:
    choose = random.Random(7)
    names: set[str] = set()
    for _ in range(KILLS):
        killed_once(certhia, trapped, trap, choose, names)
    last = certhia.read(trapped, "example.com", "-o", FILE)
    assert last.status == 0
    certhia.is_sound()
    assert set(certhia.positions(trapped).values()) == {(len(names), len(names))}
    told_once(certhia, names)


def killed_once(certhia: Certhia, world: Served, trap: Trap, choose: random.Random, names: set[str]) -> None:
    """Follows, and is killed: half of the times at a request, else when some more was told; or a little later."""
    path = certhia.directory / FILE
    trap.set(choose.randint(1, 12))
    names |= {*world.grow(choose.randint(1, 25))}
    told = min(len(in_file(path)) + choose.randint(1, 10), len(names))
    program = certhia.watch(world, "example.com", "-f", "silent", "-o", FILE)
    if choose.random() < 0.5:
        program.until(trap.sprung.is_set)
    else:
        program.until(lambda: len(in_file(path)) >= told)
    threading.Event().wait(choose.uniform(0, 0.06))
    program.kill(signal.SIGKILL)
    assert program.end() == -signal.SIGKILL, program.err


def told_once(certhia: Certhia, names: set[str]) -> None:
    """Every name was told, each under one id, and once but for what says that it may be a repeat."""
    records = in_file(certhia.directory / FILE)
    assert {record["matched_domain"] for record in records} == names
    assert len({record["id"] for record in records}) == len(names)
    first = Counter(record["id"] for record in records if not record["repeat"])
    assert max(first.values()) == 1
    again = [record for record in records if record["repeat"]]
    assert len({record["tbs_sha256"] for record in records}) == len(names)
    assert len(again) <= len(records) - len(first)


def test_killed_while_it_starts(certhia: Certhia, pair: Served) -> None:
    state = certhia.state

    def started() -> Program:
        return certhia.watch(pair, "example.com", "-f", "silent", "-o", FILE)

    moments = [
        state.exists,
        (state / "lock").exists,
        (state / "state.db").exists,
        (state / "state.db-wal").exists,
    ]
    for moment in moments:
        program = started()
        program.until(moment)
        program.kill(signal.SIGKILL)
        assert program.end() == -signal.SIGKILL
    certhia.read(pair, "example.com", "-o", FILE)
    certhia.is_sound()
    told_once(certhia, {f"host{i}.example.com" for i in range(20)})
