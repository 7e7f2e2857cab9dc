"""`certhia status` beside a follower, after it, and where there never was one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

from certhia.cli.status import NOBODY
from certhia.store.lock import Lock


def follow(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia(
        *("watch", "example.com", "--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now"),
        "-q",
    )
    assert done.status == 0, done.err


def test_after_a_run(certhia: Command, log_list: str, state: Path) -> None:
    follow(certhia, log_list, state)
    done = certhia("status", "--state", state)
    assert done.status == 0
    assert done.out.startswith(f"{state}: nobody follows now; the last run is of ")
    assert "entries: 120 seen, 120 verified, 0 behind, 0 quarantined" in done.out
    assert "logs: 3 finished" in done.out
    assert "matches: 40 in this run, 40 stored" in done.out
    told = json.loads(certhia("status", "--json", "--state", state).out)
    assert (told["running"], told["matches"], told["stored_matches"]) == (False, 40, 40)
    by_name = {one["log"]: one["requests"] for one in told["logs"]}
    assert set(by_name) == {"First Log 2026", "Second Log 2026", "Third Log 2026"}
    assert all(one["head"]["ok"] >= 1 for one in by_name.values())
    assert told["list_requests"]["list"]["ok"] >= 1


def test_check(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia("status", "--check", "--state", state)
    assert (done.status, done.err) == (NOBODY, "")
    assert "nobody follows" in done.out
    follow(certhia, log_list, state)
    assert certhia("status", "--check", "--state", state).status == NOBODY
    lock = Lock(state)  # a follower that has just begun
    assert certhia("status", "--check", "--state", state).status == 0
    lock.release()
    assert certhia("status", "--check", "--stat", state).status == 2


def test_without_a_state(certhia: Command, state: Path) -> None:
    done = certhia("status", "--state", state)
    assert done.status == 1
    assert "there is no state here" in done.err
    assert not state.exists()
