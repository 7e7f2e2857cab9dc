"""`certhia prove`: the SCTs of a certificate, against the logs that gave them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.alarms.broken import MOST, PROMISE
from certhia.clock import Clock
from certhia.store.reading import Request
from certhia.store.state import State
from certhia.testing import Entry, Submission, World


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


# --- promises that were broken ---


@pytest.fixture
def broken(world: World, tmp_path: Path) -> Path:
    """A certificate for which each log promised entry 40, and took another one; their time is over."""
    scts = []
    precert = world.ca.issue(["www.example.com"], precert=True)
    for log in world.logs.values():
        early = round(1000 * (world.clock.now() - log.settings.mmd - 60))
        entry = Entry(40, early, Submission.of(precert), leaf_index=log.settings.leaf_index)
        scts.append(log.sct(entry))
    final = world.ca.finish(precert, scts)
    world.grow(1)
    path = tmp_path / "broken.pem"
    path.write_text(final.pem)
    return path


def offline(file: Path) -> dict[str, object]:
    """What another process makes of the file, which has nothing but the file."""
    program = [sys.executable, "-m", "certhia", "verify-evidence", "--json", str(file)]
    done = subprocess.run(program, check=False, capture_output=True, text=True, cwd="/", env={"HOME": "/nonexistent"})
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_broken_promise_is_an_alarm_with_evidence(
    certhia: Command, log_list: str, broken: Path, tmp_path: Path
) -> None:
    folder, given = tmp_path / "kept", ("--log-list", log_list, "--state", tmp_path / "none")
    done = certhia("prove", broken, *given, "--evidence", folder, "--json")
    assert done.status == 1
    outcomes = [json.loads(line) for line in done.out.splitlines()]
    assert [one["verdict"] for one in outcomes] == ["broken"] * 3
    alarms = done.err.splitlines()
    assert [line.partition(" broke a promise of ")[0] for line in alarms] == [
        f"alarm: {name} Log 2026:" for name in ("First", "Second", "Third")
    ]
    verdicts = [offline(Path(one["evidence"]))["verdict"] for one in outcomes]
    assert verdicts == ["observation", "proof", "observation"]
    for line, one, verdict in zip(alarms, outcomes, verdicts, strict=True):
        assert line.endswith(f"evidence ({verdict}): {one['evidence']}, for `certhia verify-evidence`")
    assert len(list(folder.iterdir())) == 3
    (tmp_path / "file").write_text("")
    unwritten = certhia("prove", broken, *given, "--evidence", tmp_path / "file")
    assert unwritten.status == 1
    assert unwritten.err.count("could not be written") == 3


def test_whoever_follows_hears_of_it(certhia: Command, log_list: str, broken: Path, state: Path) -> None:
    done = certhia("watch", "example.com", "--log-list", log_list, "--state", state, "--until", "now", "-q")
    assert done.status == 0, done.err
    done = certhia("prove", broken, "--log-list", log_list, "--state", state)
    assert done.status == 1
    assert len(list((state / "evidence").glob("second-log-2026-*.json"))) == 1

    async def left() -> list[Request]:
        async with await State.open(state, clock=Clock(), follow=False) as beside:
            return await beside.requests()

    requests = asyncio.run(left())
    assert [one.kind for one in requests] == [PROMISE] * 3
    assert json.loads(requests[1].payload)["log"] == "Second Log 2026"


def test_a_promise_that_is_kept_ends_an_alarm_that_waits(
    certhia: Command, log_list: str, proven: Proven, state: Path
) -> None:
    """Of what is kept the state hears only where somebody may have heard otherwise, and never without end."""
    done = certhia("watch", "example.com", "--log-list", log_list, "--state", state, "--until", "now", "-q")
    assert done.status == 0, done.err

    async def left(*, leave: int) -> list[Request]:
        async with await State.open(state, clock=Clock(), follow=False) as beside:
            for _ in range(leave):
                await beside.request(PROMISE, "{}", MOST)
            return await beside.requests()

    requests: list[Request] = []
    for leave, count in ((0, 0), (1, 4), (MOST, MOST)):
        asyncio.run(left(leave=leave))
        assert certhia("prove", proven.certificate, "--log-list", log_list, "--state", state).status == 0
        requests = asyncio.run(left(leave=0))
        assert len(requests) == count
    kept = [json.loads(one.payload) for one in requests[-3:]]
    assert [one["text"] for one in kept] == [""] * 3
    assert len({one["promise"] for one in kept}) == 3
