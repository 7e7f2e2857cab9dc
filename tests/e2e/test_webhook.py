"""A webhook whose receiver fails one time in three gets every match under one id, however often the sender is killed.

CERTHIA_KILLS says how often: 4 as a rule, 100 by `make kills`.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.test_kill import Trap
from tests.e2e.worlds import Served, served
from tests.sinks.receiving import Receiver, flaky, receiving_beside

from certhia.testing import World

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLS = int(os.environ.get("CERTHIA_KILLS", "4"))
PATIENCE = 200.0 if KILLS > 10 else 30.0  # seconds

SETTINGS = """
[sinks.single]
type = "webhook"
url = "{one}"
retry = ["10ms", "50ms"]
max_queue_rows = 1000000

[sinks.many]
type = "webhook"
url = "{other}"
batch = 7
retry = ["10ms", "50ms"]
"""


def settings(directory: Path, one: Receiver, other: Receiver) -> str:
    file = directory / "certhia.toml"
    file.write_text(SETTINGS.format(one=one.url, other=other.url), encoding="utf-8")
    return str(file)


@pytest.mark.timeout(1800 if KILLS > 10 else 60)
def test_killed_again_and_again_none_is_lost_and_repeats_carry_the_same_id(
    certhia: Certhia, record_property: Callable[[str, object], None]
) -> None:
    world, trap, choose = World(), Trap(), random.Random(11)
    world.rfc6962("alpha", max_get_entries=8)
    world.static("beta", drop_partials=True)
    for log in world.logs.values():
        log.on_request = trap
    with served(world) as there, receiving_beside(flaky()) as one, receiving_beside(flaky()) as other:
        file = settings(certhia.directory, one, other)
        names: set[str] = set()
        for _ in range(KILLS):
            new = there.grow(choose.randint(1, 25))
            names |= {*new}
            killed_once(certhia, there, trap, choose, one, file, len(names))
        program = certhia.watch(there, "example.com", "--config", file, "-f", "silent")
        program.until(lambda: "Resumed" in program.err, "begun", PATIENCE)
        program.until(lambda: len(one.ids()) == len(names), "all told to the one", PATIENCE)
        program.until(lambda: len(other.ids()) == len(names), "all told to the other", PATIENCE)
        program.kill(signal.SIGTERM)
        assert program.end() == 0
        certhia.is_sound()
        for receiver in (one, other):
            assert len(receiver.ids()) == len(names), "one id for each match, and none was lost"
            told = [match for request in receiver.taken for match in request.content.get("matches", [request.content])]
            assert {match["matched_domain"] for match in told} == names
            by_name: dict[str, set[str]] = {}
            for match in told:
                by_name.setdefault(match["matched_domain"], set()).add(match["id"])
            assert {len(ids) for ids in by_name.values()} == {1}, "every repeat carries the same id"
        assert all(request.id == request.content["id"] for request in one.requests)
        record_property("kills", KILLS)
        record_property("matches", len(names))
        record_property("requests", len(one.requests))
        record_property("taken twice", sum(count - 1 for count in one.ids().values()))


def killed_once(
    certhia: Certhia, there: Served, trap: Trap, choose: random.Random, one: Receiver, file: str, names: int
) -> None:
    """Follows, and is killed at a request to a log, or when some more, or all, was told."""
    trap.set(choose.randint(1, 12))
    wanted = len(one.requests) + choose.randint(1, 15)
    program = certhia.watch(there, "example.com", "--config", file, "-f", "silent")
    if choose.random() < 0.3:
        program.until(trap.sprung.is_set, within=PATIENCE)
    else:
        program.until(lambda: len(one.requests) >= wanted or len(one.ids()) == names, within=PATIENCE)
    threading.Event().wait(choose.uniform(0, 0.06))
    program.kill(signal.SIGKILL)
    assert program.end() == -signal.SIGKILL, program.err
