"""`certhia ledger`: ranges, gaps and quarantined entries as the state holds them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

from certhia.testing import World


def follow(certhia: Command, log_list: str, state: Path, *more: str) -> None:
    done = certhia("watch", "example.com", "--log-list", log_list, "--state", state, "--until", "now", "-q", *more)
    assert done.status == 0, done.err


def test_all_that_was_seen(certhia: Command, log_list: str, state: Path) -> None:
    follow(certhia, log_list, state, "--from", "beginning")
    done = certhia("ledger", "--state", state)
    assert done.status == 0
    assert done.out.count("  40 entries verified, 0 skipped, 0 quarantined") == 3
    assert "First Log 2026 (" in done.out
    told = [json.loads(line) for line in certhia("ledger", "--json", "--state", state).out.splitlines()]
    assert [[(one["start"], one["end"]) for one in log["verified"]] for log in told] == [[(0, 40)]] * 3
    assert all(log["verified"][0]["last_head"]["tree_size"] == 40 for log in told)


def test_where_it_began_and_what_was_skipped(certhia: Command, log_list: str, state: Path, world: World) -> None:
    follow(certhia, log_list, state, "--from", "10", "--allow", "First*")
    world.grow(60)
    follow(certhia, log_list, state, "--max-backlog", "20", "--allow", "First*")
    done = certhia("ledger", "--json", "--state", state)
    (log,) = [json.loads(line) for line in done.out.splitlines()]
    (gap,) = log["gaps"]
    first, second = log["verified"]
    assert (first["start"], first["end"]) == (10, gap["start"])
    assert (second["start"], second["end"]) == (gap["end"], 100)
    assert gap["reason"]
    text = certhia("ledger", "first", "--state", state).out
    assert f"{gap['end'] - gap['start']:,} skipped" in text


def test_a_log_that_was_never_followed(certhia: Command, log_list: str, state: Path) -> None:
    follow(certhia, log_list, state, "--from", "beginning")
    done = certhia("ledger", "elsewhere", "--state", state)
    assert (done.status, done.out) == (2, "")
    assert "no log called 'elsewhere' was ever followed" in done.err or "elsewhere" in done.err
