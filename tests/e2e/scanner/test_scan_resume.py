"""A scan that is killed at any moment is gone on with: every target is in the result file, once."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import Program
from tests.e2e.scanner.crowd import Crowd, crowd

pytestmark = pytest.mark.e2e

BLOCK = "127.0.0.0/21"
TARGETS = 2048
HOSTS = 40


@pytest.fixture
def there() -> Iterator[Crowd]:
    with crowd() as one:
        yield one


def scan(certhia: Certhia, there: Crowd, *more: str) -> Program:
    """Hosts and a range, results into a file."""
    hosts = certhia.directory / "hosts.txt"
    if not hosts.exists():
        hosts.write_text("".join(f"127.9.0.{number}:{there.port}\n" for number in range(HOSTS)))
    given = ("--state", str(certhia.state), "-p", str(there.port), "--allow-private", "--concurrency", "50")
    return certhia("scan", BLOCK, "-f", "hosts.txt", "-o", "all.jsonl", *given, *more)


def found(path: Path) -> Counter[str]:
    """Addresses in a result file. Every line is whole."""
    return Counter(json.loads(line)["ip"] for line in path.read_text(encoding="utf-8").splitlines())


@pytest.mark.slow
def test_killed_at_random_moments(certhia: Certhia, there: Crowd) -> None:
    choose = random.Random(11)
    kills = 0
    while True:
        program = scan(certhia, there, "--resume", "--rate", "800")  # so that some is recorded before
        there.after(choose.randrange(1, 1500), program.kill)
        if (status := program.end()) == 0:
            break
        assert status == -signal.SIGKILL, program.err
        kills += 1
        assert kills < 200
    assert kills >= 2
    seen = found(certhia.directory / "all.jsonl")
    assert len(seen) == TARGETS + HOSTS
    assert {*seen.values()} == {1}
    assert not [*(certhia.state / "scans").glob("*.json")], "nothing is left of a scan that is complete"


def test_killed_before_anything_was_recorded(certhia: Certhia, there: Crowd) -> None:
    """Without --resume as well: the first run did not know that it would be needed."""
    program = scan(certhia, there)
    there.after(120, program.kill)
    program.end()
    assert scan(certhia, there, "--resume").end() == 0
    seen = found(certhia.directory / "all.jsonl")
    assert (len(seen), {*seen.values()}) == (TARGETS + HOSTS, {1})


def test_stopped_by_hand(certhia: Certhia, there: Crowd) -> None:
    program = scan(certhia, there)
    there.after(200, lambda: program.kill(signal.SIGINT))
    assert program.end() == 0, program.err
    assert "stopped before its end; --resume goes on with it" in program.err
    before = sum(found(certhia.directory / "all.jsonl").values())
    assert 0 < before < TARGETS
    asked = there.asked
    again = scan(certhia, there, "--resume")
    assert again.end() == 0, again.err
    assert f"goes on where it ended: {before:,} targets are done" in again.err
    seen = found(certhia.directory / "all.jsonl")
    assert (len(seen), {*seen.values()}) == (TARGETS + HOSTS, {1})
    assert there.asked - asked == TARGETS + HOSTS - before, "what was done is not asked again"


def test_on_standard_output_at_least_once(certhia: Certhia, there: Crowd) -> None:
    given = ("--state", str(certhia.state), "-p", str(there.port), "--allow-private", "--resume")
    seen: Counter[str] = Counter()
    for connections in (700, 900, 10**9):
        program = certhia("scan", BLOCK, *given)
        there.after(connections, lambda program=program: program.kill(signal.SIGINT))  # type: ignore[misc]
        assert program.end() == 0, program.err
        seen += Counter(str(one["ip"]) for one in program.records)
    assert len(seen) == TARGETS


def test_another_scan_is_another_one(certhia: Certhia, there: Crowd) -> None:
    program = scan(certhia, there)
    there.after(100, lambda: program.kill(signal.SIGINT))
    assert program.end() == 0, program.err
    other = scan(certhia, there, "--resume", "--exclude", "127.0.0.0/24")
    assert other.end() == 0
    assert "no unfinished scan of these targets is there" in other.err


def test_a_file_that_was_changed(certhia: Certhia, there: Crowd) -> None:
    program = scan(certhia, there)
    there.after(300, lambda: program.kill(signal.SIGINT))
    assert program.end() == 0, program.err
    (certhia.directory / "all.jsonl").write_text("")
    refused = scan(certhia, there, "--resume")
    assert refused.end() == 2
    assert "it is another file, or was changed" in refused.err


def test_two_at_the_same_scan(certhia: Certhia, there: Crowd) -> None:
    first = scan(certhia, there, "--rate", "50")
    first.until(lambda: [*(certhia.state / "scans").glob("*.json")], "that it is recorded")
    second = scan(certhia, there, "--resume")
    assert second.end() == 2
    assert "another process is at this very scan" in second.err
    first.stop()
