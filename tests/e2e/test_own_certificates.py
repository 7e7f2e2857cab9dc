"""One's own certificates: told as such, or not at all, and known anew when the directory changes."""

from __future__ import annotations

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.worlds import Served

pytestmark = pytest.mark.e2e


def kinds(records: list[dict[str, object]]) -> dict[object, tuple[object, object, object]]:
    return {record["matched_domain"]: (record["kind"], record["expected"], record["renewal"]) for record in records}


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
