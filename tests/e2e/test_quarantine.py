"""An entry that nobody can decode: told by the names still found in it, kept, listed, shown, tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.worlds import Served, served

from certhia.testing import RawEntry, World

pytestmark = pytest.mark.e2e


@pytest.fixture
def broken() -> Iterator[Served]:
    world = World()
    log = world.rfc6962("alpha", description="Alpha 2026")
    world.grow(5)
    log.add(world.ca.undecodable("truncated"), RawEntry(b"\0\0" + bytes(8) + b"\0\7odd"))
    beta = world.static("beta", description="Beta 2026")
    beta.add(world.ca.undecodable("garbage"))
    world.grow(5)
    with served(world) as there:
        yield there


def test_told_kept_listed_shown_and_tried_again(certhia: Certhia, broken: Served) -> None:
    state = ("--state", str(certhia.state))
    program = certhia.read(broken, "example.com")
    assert certhia.positions(broken) == {"Alpha 2026": (12, 12), "Beta 2026": (6, 6)}, "it stops no log"
    (told,) = [record for record in program.records if record["fault"]]
    assert str(told["matched_domain"]).startswith("broken-")
    assert told["index"] == 5
    assert "3 quarantined" in program.err
    assert "certhia quarantine list" in program.err
    listed = certhia.done("quarantine", "list", *state)
    assert len(listed.out.splitlines()) == 3
    assert listed.err == "3 undecodable entries in 2 logs\n"
    rows = [json.loads(line) for line in certhia.done("quarantine", "list", "--json", *state).out.splitlines()]
    assert [(row["log"], row["index"]) for row in rows] == [("Alpha 2026", 5), ("Alpha 2026", 6), ("Beta 2026", 0)]
    assert rows[0]["reason"] == told["fault"]
    assert rows[0]["leaf_hash"] == broken.world.logs["alpha"].tree.leaf(5).hex()
    shown = certhia.done("quarantine", "show", "alpha", "5", *state).out
    assert str(told["matched_domain"]) in shown
    assert "ct/v1/get-entries?start=5&end=5" in shown
    assert "^^ byte" in shown
    tried = certhia.done("quarantine", "retry", "example.com", *state)
    assert tried.out == ""
    assert tried.err.splitlines()[-1] == "3 tried, 0 can be read now, 0 of them match, 3 still can't"
    certhia.is_sound()


def test_beside_a_follower(certhia: Certhia, broken: Served) -> None:
    state = ("--state", str(certhia.state))
    program = certhia.watch(broken, "example.com", "-f", "jsonl")
    program.until(lambda: len(program.records) == 11)
    program.until(lambda: len(certhia.done("quarantine", "list", *state).out.splitlines()) == 3)
    assert "reason" in certhia.done("quarantine", "show", "beta", "0", *state).out
    assert "0 can be read now" in certhia.done("quarantine", "retry", *state).err
    program.stop()
    certhia.is_sound()
