"""`certhia prove`: the SCTs of a certificate, against the logs that gave them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.testing import World


@dataclass(frozen=True, slots=True)
class Proven:
    """A certificate with an SCT of each of the world's logs, in files."""

    certificate: Path  # PEM, its issuer behind it
    alone: Path  # DER
    issuer: Path


@pytest.fixture
def proven(world: World, tmp_path: Path) -> Proven:
    precert = world.ca.issue(["www.example.com"], precert=True)
    scts = []
    for log in world.logs.values():
        (entry,) = log.add(precert)
        scts.append(log.sct(entry))
    final = world.ca.finish(precert, scts)
    for log in world.logs.values():
        log.publish()
    made = Proven(tmp_path / "www.pem", tmp_path / "www.der", tmp_path / "issuer.der")
    made.certificate.write_text(final.pem)
    made.alone.write_bytes(final.der)
    made.issuer.write_bytes(final.chain[0])
    return made


def test_all_kept(certhia: Command, log_list: str, proven: Proven) -> None:
    done = certhia("prove", proven.certificate, "--log-list", log_list)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"kept    {name} Log 2026" for name in ("First", "Second", "Third")
    ]
    assert all("entry 40, in the head of 41 entries" in line for line in lines)
    told = certhia("prove", proven.alone, "--issuer", proven.issuer, "--json", "--log-list", log_list)
    outcomes = [json.loads(line) for line in told.out.splitlines()]
    assert [(one["verdict"], one["index"], one["head"]["tree_size"]) for one in outcomes] == [("kept", 40, 41)] * 3


def test_one_that_no_log_made(certhia: Command, log_list: str, proven: Proven) -> None:
    done = certhia("prove", proven.alone, "--issuer", proven.alone, "--log-list", log_list)
    assert done.status == 1
    assert done.out.count("false   ") == 3


def test_logs_that_nobody_knows(certhia: Command, log_list: str, proven: Proven, world: World) -> None:
    (name, *_) = world.logs
    del world.logs[name]
    done = certhia("prove", proven.certificate, "--log-list", log_list)
    assert done.status == 1
    assert done.out.startswith("unknown log ")


def test_what_can_not_be_proven(certhia: Command, log_list: str, proven: Proven, tmp_path: Path) -> None:
    alone = certhia("prove", proven.alone, "--log-list", log_list)
    assert (alone.status, alone.out) == (2, "")
    assert "--issuer" in alone.err
    none = certhia("prove", proven.issuer, "--log-list", log_list)
    assert none.status == 2
    assert "no SCTs" in none.err
    missing = certhia("prove", tmp_path / "nothing.pem", "--log-list", log_list)
    assert missing.status == 2
