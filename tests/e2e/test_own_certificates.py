"""One's own certificates: told as such, or not at all, and known anew when the directory changes."""

from __future__ import annotations

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.worlds import Served

pytestmark = pytest.mark.e2e


def test_own_certificates_are_told_as_such(certhia: Certhia, pair: Served) -> None:
    ca = pair.world.ca
    own, rogue = ca.pair(["www.example.com"]), ca.issue(["www.example.com"], organization="Mallory")
    folder = certhia.directory / "own"
    folder.mkdir()
    (folder / "www.pem").write_text(own[1].pem)
    for log in pair.world.logs.values():
        pair.do(lambda log=log: (log.add(own[0], rogue), log.publish()))  # type: ignore[misc]
    given = ("=www.example.com", "--expected", "own")
    program = certhia.read(pair, *given)
    told = sorted((str(one["kind"]), one["expected"], one["renewal"]) for one in program.records)
    assert told == [("alert", None, "key"), ("expected", "certificate", None)]
    assert "1 match, 1 expected (2 further sightings)" in program.err
    only = certhia.read(pair, *given, "--kinds", "alert,possible", "--state", str(certhia.directory / "other"))
    assert [record["kind"] for record in only.records] == ["alert"]
    assert "1 match, 1 expected" in only.err, "counted and stored all the same"


def test_a_directory_that_changes_is_read_again(certhia: Certhia, pair: Served) -> None:
    folder = certhia.directory / "own"
    folder.mkdir()
    program = certhia.watch(pair, "=new.example.com", "-f", "jsonl", "--expected", "own")
    program.says("holds no certificate: nothing is expected by it yet")
    issued = pair.world.ca.issue(["new.example.com"])
    (folder / "new.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    program.says("own certificates not reloaded, the old ones stay in use")
    (folder / "new.pem").write_bytes(issued.der)
    program.says("own certificates reloaded: 2 hashes and issuers, 0 before")
    log = pair.world.logs["alpha"]
    pair.do(lambda: (log.add(issued), log.publish()))
    program.until(lambda: len(program.records) == 1)
    assert program.records[0]["kind"] == "expected"
    program.stop()
    certhia.is_sound()


def test_what_makes_no_sense_is_refused(certhia: Certhia, pair: Served) -> None:
    (certhia.directory / "own.txt").write_text("key:12\n")
    program = certhia.watch(pair, "example.com", "--expected", "own.txt")
    assert program.end() == 2
    assert "own.txt:1: " in program.err
    program = certhia.watch(pair, "example.com", "--kinds", "alert,rogue")
    assert program.end() == 2
    assert "--kinds" in program.err


def test_a_label_that_nobody_can_read_is_possible(certhia: Certhia, pair: Served) -> None:
    ca, log = pair.world.ca, pair.world.logs["alpha"]
    pair.do(lambda: (log.add(ca.issue(["?.example.com"])), log.publish()))
    program = certhia.read(pair, "=www.example.com", "=host3.example.com")
    assert sorted((one["kind"], one["matched_domain"]) for one in program.records) == [
        ("alert", "host3.example.com"),
        ("possible", "?.example.com"),
    ]
    assert "2 matches (1 alert, 1 possible)" in program.err
    human = certhia.read(pair, "=www.example.com", "-f", "human", "--state", str(certhia.directory / "other"))
    assert "  possible  =www.example.com  " in human.out
