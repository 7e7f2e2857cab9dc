"""`certhia backfill` where nobody follows; tests/e2e has it beside a follower."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

from certhia.testing import World


def test_all_logs(certhia: Command, log_list: str, state: Path, world: World) -> None:
    given = ("--log-list", log_list, "--state", state)
    done = certhia("backfill", "all", "example.com", "--from", "10", "--reverse", "-f", "jsonl", *given)
    assert done.status == 0, done.err
    told = {json.loads(line)["matched_domain"] for line in done.out.splitlines()}
    assert told == {f"host{number}.example.com" for number in range(10, 40)}
    assert "First Log 2026: backfill of entries 10 to 39, backwards" in done.err
    assert "90 entries seen in 3 logs" in done.err
    assert certhia("fsck", "--state", state).status == 0
    shown = certhia("ledger", "--state", state).out
    assert shown.count("30 entries verified, 0 skipped, 0 quarantined") == 3
    follow = certhia("watch", "example.com", "--until", "now", "-q", *given)
    assert follow.status == 0
    world.grow(20)
    follow = certhia("watch", "example.com", "--until", "now", "-q", "--patience", "0", *given)
    (first, *_) = [json.loads(line) for line in certhia("ledger", "--json", "--state", state).out.splitlines()]
    assert [(one["start"], one["end"]) for one in first["verified"]] == [(10, 60)], "the two ranges read as one"


def test_one_log_and_what_there_is(certhia: Command, log_list: str, state: Path) -> None:
    given = ("--log-list", log_list, "--state", state)
    assert certhia("backfill", "second", "example.com", "--from", "-7", "-f", "silent", *given).status == 0
    assert certhia("backfill", "second", "example.com", "--from", "beginning", "-f", "silent", *given).status == 0
    shown = certhia("backfill", "--state", state)
    assert shown.status == 0
    first, second = shown.out.splitlines()
    assert first.endswith("Second Log 2026: entries 33 to 39, forwards: done")
    assert second.endswith("Second Log 2026: entries 0 to 39, forwards: done")
    rows = [json.loads(line) for line in certhia("backfill", "--json", "--state", state).out.splitlines()]
    assert [(row["start"], row["end"], row["verified"], row["entries"]) for row in rows] == [
        (33, 40, 7, 7),
        (0, 40, 40, 40),
    ]
    cancelled = certhia("backfill", "all", "--cancel", "--state", state)
    assert cancelled.out == "0 backfills were cancelled; what they read stays verified\n"


def test_a_file_of_alarms(certhia: Command, log_list: str, state: Path, tmp_path: Path) -> None:
    given = ("second", "example.com", "--from", "-7", "-f", "silent", "--log-list", log_list, "--state", state)
    alarms = tmp_path / "alarms.jsonl"
    assert certhia("backfill", *given, "--alarms", alarms).status == 0
    assert alarms.read_bytes() == b"", "all was well"
    done = certhia("backfill", *given, "--alarms", tmp_path / "gone" / "alarms.jsonl")
    assert (done.status, "alarms can't be written there" in done.err) == (2, True)


def test_what_makes_no_sense(certhia: Command, log_list: str, state: Path, tmp_path: Path) -> None:
    given = ("--log-list", log_list, "--state", state)
    for arguments, says in (
        (("second", "example.com"), "say where to begin"),
        (("second", "example.com", "--from", "soon"), "--from: "),
        (("nobody", "example.com", "--from", "0"), 'no known log is called "nobody"'),
        (("second", "--from", "0"), "there is nothing to watch"),
        (("second", "example.com", "--from", "0", "--detach"), "nobody follows"),
    ):
        done = certhia("backfill", *arguments, *given)
        assert done.status == 2, arguments
        assert says in done.err, arguments
    nowhere = certhia("backfill", "--state", tmp_path / "nowhere")
    assert nowhere.status == 1
    assert "there is no state here" in nowhere.err
