"""Certhia against real log software: every entry of all three logs is followed, verified and matched."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import Program, in_file
from tests.e2e.reallogs import binaries, independent
from tests.e2e.reallogs.binaries import UnavailableError
from tests.e2e.reallogs.servers import RealLogs
from tests.e2e.reallogs.submit import Submitter

# The first test waits for the build: some two minutes on two cores, then never again.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]

PAIRS = 300  # precertificates, and as many certificates
LOGS = ("tesseract", "sunlight", "ctfe")
RULE = "certhia.test"
CONTACT = ("--contact", "ops@certhia.test")


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return binaries.build()
    except UnavailableError as reason:
        pytest.skip(f"real logs: {reason}")


@pytest.fixture(scope="module")
def logs(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLogs]:
    logs = RealLogs(programs, tmp_path_factory.mktemp("reallogs"))
    try:
        logs.up()
        yield logs
    finally:
        logs.down()


@pytest.fixture(scope="module")
def submitter(logs: RealLogs) -> Submitter:
    submitter = Submitter(logs.ca, logs.targets)
    submitter.feed(PAIRS)
    return submitter


def described(logs: RealLogs) -> dict[str, dict[str, Any]]:
    """Each log as the list describes it, by name."""
    operators = json.loads(logs.log_list.read_text())["operators"]
    return {log["description"]: log for operator in operators for log in operator["logs"] + operator["tiled_logs"]}


def contents(logs: RealLogs, submitter: Submitter) -> dict[str, independent.Contents]:
    """What each log holds, read without Certhia's code: just what was submitted, once all of it is merged."""
    found: dict[str, independent.Contents] = {}
    for _ in range(200):
        found = {name: independent.contents(log) for name, log in described(logs).items()}
        if all({*each.indices} == submitter.submitted.all for each in found.values()):
            return found
        threading.Event().wait(0.1)
    raise AssertionError({name: len(each.indices) for name, each in found.items()})


def watch(certhia: Certhia, logs: RealLogs, *arguments: str, rule: str = RULE) -> Program:
    begin = ("--from", "beginning", "--patience", "1s", "--poll", "1s", "-f", "silent", "-o", "out.jsonl")
    state = () if "--state" in arguments else ("--state", str(certhia.state))
    place = ("--log-list", str(logs.log_list), *state)
    return certhia("watch", rule, *begin, *place, *arguments)


def positions(certhia: Certhia, logs: RealLogs) -> dict[str, tuple[int, int]]:
    shown = certhia.done("logs", "--json", "--log-list", str(logs.log_list), "--state", str(certhia.state), *CONTACT)
    return {row["description"]: (row["position"], row["size"]) for row in json.loads(shown.out)}


def test_every_entry_of_all_three_is_followed_verified_and_matched(
    certhia: Certhia, logs: RealLogs, submitter: Submitter
) -> None:
    found = contents(logs, submitter)
    program = watch(certhia, logs, "--until", "now", *CONTACT)
    assert program.end(60) == 0, program.err
    entries = sum(each.size for each in found.values())
    assert f"{entries:,} entries seen in 3 logs" in program.err
    assert f"{entries:,} verified, 0 quarantined, {PAIRS} matches" in program.err
    certhia.is_sound()
    assert positions(certhia, logs) == {name: (each.size, each.size) for name, each in found.items()}
    # One alert a certificate, precertificate or not, in however many logs; and it says where it stands.
    records = in_file(certhia.directory / "out.jsonl")
    assert len(records) == PAIRS
    told = {frozenset(record["all_domains"]) for record in records}  # type: ignore[call-overload]
    assert told == {frozenset(names) for names in submitter.submitted.precertificates.values()}
    for record in records:
        assert record["index"] in found[str(record["log"])].indices[str(record["sha256"])]


def test_every_sighting_is_where_the_log_has_it(certhia: Certhia, logs: RealLogs, submitter: Submitter) -> None:
    found = contents(logs, submitter)
    program = watch(certhia, logs, "--until", "now", "--every-sighting", *CONTACT)
    assert program.end(60) == 0, program.err
    told = {(r["log"], r["index"], r["sha256"]) for r in in_file(certhia.directory / "out.jsonl")}
    assert told == {
        (name, index, sha256)
        for name, each in found.items()
        for sha256, indices in each.indices.items()
        for index in indices
    }


@pytest.mark.parametrize("name", LOGS)
def test_one_entry_with_its_proof(certhia: Certhia, logs: RealLogs, submitter: Submitter, name: str) -> None:
    sizes = {name: each.size for name, each in contents(logs, submitter).items()}
    by_index = {
        index: sha256 for sha256, indices in contents(logs, submitter)[name].indices.items() for index in indices
    }
    for index in (0, 255, sizes[name] - 1):
        shown = certhia.done(
            "entry", logs.urls[name], str(index), "--json", "--chain", "--log-list", str(logs.log_list), *CONTACT
        )
        fields = json.loads(shown.out)
        assert sha256_of(fields["submitted"]) == by_index[index]
        assert fields["included_in"]["tree_size"] == sizes[name]
        assert all(fields["chain"])


def sha256_of(encoded: str) -> str:
    import base64
    import hashlib

    return hashlib.sha256(base64.b64decode(encoded)).hexdigest()


def test_skylights_refusals_are_waited_out(certhia: Certhia, logs: RealLogs, submitter: Submitter) -> None:
    """Whoever gives no contact shares a small budget with all others who don't; here somebody uses it up."""
    size = contents(logs, submitter)["sunlight"].size
    over, refused = threading.Event(), threading.Event()

    def use_up() -> None:
        port = next(int(url.split(":")[2].split("/")[0]) for name, url in logs.urls.items() if name == "sunlight")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while not over.is_set():
            connection.request("GET", "/sunlight/checkpoint", headers={"User-Agent": "curl/8"})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 429:
                assert str(answer.getheader("Retry-After")).endswith("UTC")
                refused.set()
        connection.close()

    others = threading.Thread(target=use_up, daemon=True)
    others.start()
    try:
        assert refused.wait(30)
        program = watch(certhia, logs, "--until", "now", "--allow", "sunlight", "-v", "--stats", "0.3")
        program.until(lambda: program.err.count(": 1 healthy") >= 3 or program.status is not None, "some figures")
        assert program.status is None, "it was not refused"
        # Whoever can be reached has a budget of his own.
        known = watch(certhia, logs, "--until", "now", "--allow", "sunlight", "--state", "./known", *CONTACT)
        assert known.end() == 0, known.err
        assert f"{size:,} entries seen in 1 log" in known.err
    finally:
        over.set()
        others.join(30)
    # The refusals ask for no more than some seconds; then the log is read, slowly at first.
    program.says(f"{size:,} behind")
    program.stop()
    assert not re.search(r"[1-9]\d* failed", program.err)
    assert "degraded" not in program.err


def test_growing_restarting_and_tidying_up(certhia: Certhia, logs: RealLogs, submitter: Submitter) -> None:
    """Followed live: certificates come, Sunlight and Skylight are restarted, TesseraCT removes partial tiles."""
    program = watch(certhia, logs, *CONTACT)
    told = certhia.directory / "out.jsonl"
    program.until(lambda: len(in_file(told)) == len(submitter.submitted.precertificates), within=60)
    for round_ in range(3):
        submitter.feed(50)  # past the end of a tile in the course of it
        if round_ == 1:
            logs.stop_sunlight()
            logs.start_sunlight()
        program.until(lambda: len(in_file(told)) == len(submitter.submitted.precertificates), within=90)
    sizes = {name: (each.size, each.size) for name, each in contents(logs, submitter).items()}
    program.until(lambda: positions(certhia, logs) == sizes, within=90)
    program.stop()
    certhia.is_sound()
    assert len({record["id"] for record in in_file(told)}) == len(submitter.submitted.precertificates)
