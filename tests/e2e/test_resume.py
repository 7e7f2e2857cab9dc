"""Where it begins, where it ends, and that it goes on where it was: nothing missed, nothing told twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import Program
from tests.e2e.worlds import Served, served

from certhia.testing import World

pytestmark = pytest.mark.e2e


def names(first: int, end: int) -> list[str]:
    return [f"host{number}.example.com" for number in range(first, end)]


def told(program: Program) -> list[object]:
    return [record["matched_domain"] for record in program.records]


def test_it_goes_on_where_it_was(certhia: Certhia, pair: Served) -> None:
    assert sorted(told(certhia.read(pair, "example.com")), key=str) == sorted(names(0, 20))
    pair.grow(300)
    program = certhia.watch(pair, "example.com", "-f", "jsonl")
    program.says("Resumed 2 logs at their verified positions")
    program.until(lambda: len(program.records) == 300)
    program.stop()
    assert {*told(program)} == {*names(20, 320)}
    again = certhia.read(pair, "example.com")
    assert told(again) == []
    assert certhia.positions(pair) == {"alpha": (320, 320), "beta": (320, 320)}
    certhia.is_sound()


def test_a_long_backlog_is_skipped_only_when_asked_and_recorded(certhia: Certhia, pair: Served) -> None:
    certhia.read(pair, "example.com")
    pair.grow(500)
    program = certhia.read(pair, "example.com", "--max-backlog", "50")
    assert {*told(program)} == {*names(470, 520)}
    assert program.err.count("skipped 450 entries, 20 to 469") == 2
    certhia.is_sound()
    assert certhia.positions(pair) == {"alpha": (520, 520), "beta": (520, 520)}


@pytest.mark.parametrize(
    "begin, end, expected",
    [
        ("beginning", "now", names(0, 40)),
        ("now", "now", []),
        ("-7", "now", names(33, 40)),
        ("0", "1", names(0, 1)),
        ("12", "now", names(12, 40)),
        ("beginning", "12", names(0, 12)),
        ("-20", "-5", names(20, 35)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_from_here_to_there(certhia: Certhia, small: Served, begin: str, end: str, expected: list[str]) -> None:
    program = certhia.watch(small, "example.com", "--from", begin, "--until", end, "-f", "jsonl")
    assert program.end() == 0, program.err
    assert {*told(program)} == {*expected}
    assert len(program.records) == len(expected)
    certhia.is_sound()


def test_from_one_date_to_another(certhia: Certhia) -> None:
    world = World()
    logs = [world.rfc6962("alpha", max_get_entries=32, mmd=3600), world.static("beta", mmd=3600)]
    noon = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    for hour in range(240):
        issued = world.ca.issue([f"host{hour}.example.com"])
        for log in logs:
            log.add(issued, timestamp=int((noon + timedelta(hours=hour)).timestamp() * 1000))
    for log in logs:
        log.publish()
    with served(world) as there:
        begin, end = (f"{noon + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}" for hours in (100, 150))
        program = certhia.watch(there, "example.com", "--from", begin, "--until", end, "-f", "jsonl")
        assert program.end() == 0, program.err
    assert {*told(program)} == {*names(100, 150)}
    assert int(program.err.split(" entries seen")[0].split()[-1]) < 2 * 100  # bisected, not read from the beginning


def test_only_one_may_follow_and_others_may_look(certhia: Certhia, pair: Served) -> None:
    program = certhia.watch(pair, "example.com", "-f", "jsonl")
    program.until(lambda: len(program.records) == 20)
    second = certhia.watch(pair, "example.com")
    assert second.end() == 1
    assert "--state NAME" in second.err
    assert f"process {program.pid} already follows" in second.err
    assert len([line for line in second.err.splitlines() if line.startswith("certhia:")]) == 1
    certhia.is_sound()
    assert certhia.positions(pair)["alpha"][0] == 20
    entry = certhia.done("entry", "alpha", "3", "--log-list", pair.list_url)
    assert "host3.example.com" in entry.out
    other = certhia.read(pair, "example.com", "--state", str(certhia.directory / "other"))
    assert len(other.records) == 20
    program.stop()


def test_a_state_of_a_newer_version_is_refused(certhia: Certhia, pair: Served) -> None:
    import sqlite3

    certhia.read(pair, "example.com")
    with sqlite3.connect(certhia.state / "state.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    for command in (("watch", "example.com", "--log-list", pair.list_url), ("fsck",)):
        refused = certhia.done(*command, "--state", str(certhia.state), status=1)
        message = refused.err.splitlines()[-1]
        assert "newer" in message
        assert str(certhia.state) in message
