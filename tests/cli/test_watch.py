"""`certhia watch`, from the command line to the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.testing import World


def arguments(log_list: str, state: Path, *more: object) -> tuple[object, ...]:
    return ("watch", *more, "--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now", "-q")


def test_matches_of_all_logs(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia(*arguments(log_list, state, "host7.example.com", "host1?.example.com".replace("?", "1")), "-fjsonl")
    assert done.status == 0
    found = [json.loads(line) for line in done.out.splitlines()]
    assert {one["rules"][0]["name"] for one in found} == {"host7.example.com", "host11.example.com"}
    assert len(found) == 2
    assert done.err == ""


def test_no_precerts(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia(*arguments(log_list, state, "example.com"), "-fjsonl", "--no-precerts")
    found = [json.loads(line) for line in done.out.splitlines()]
    assert len(found) == 20
    assert not any(one["is_precert"] for one in found)


def test_every_sighting(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia(*arguments(log_list, state, "=host3.example.com"), "-fjsonl", "--every-sighting")
    assert len({json.loads(line)["ct_log_url"] for line in done.out.splitlines()}) == 3


def test_rules_of_a_file(certhia: Command, log_list: str, state: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("# ours\nhost5.example.com\n")
    done = certhia(*arguments(log_list, state, "-w", rules))
    assert len(done.out.splitlines()) == 1
    assert "host5.example.com" in done.out


def test_one_log_only(certhia: Command, log_list: str, state: Path, world: World) -> None:
    done = certhia(*arguments(log_list, state, "example.com"), "--log", world.logs["two"].submission_url, "-fjsonl")
    assert {json.loads(line)["log"] for line in done.out.splitlines()} == {"Second Log 2026"}


def test_a_file_of_alarms(certhia: Command, log_list: str, state: Path, tmp_path: Path) -> None:
    alarms = tmp_path / "alarms.jsonl"
    assert certhia(*arguments(log_list, state, "example.com"), "--alarms", alarms, "-fsilent").status == 0
    assert alarms.read_bytes() == b"", "all was well"
    done = certhia(*arguments(log_list, state, "example.com"), "--alarms", tmp_path / "gone" / "alarms.jsonl")
    assert done.status == 2
    assert "alarms can't be written there" in done.err


def test_nobody_to_follow(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia(*arguments(log_list, state, "example.com"), "--deny", "*")
    assert done.status == 2
    assert done.err.splitlines()[-1].startswith("certhia: none of the 3 known logs is to be followed")


def test_no_rule(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia(*arguments(log_list, state))
    assert done.status == 2
    assert done.err.startswith("certhia: there is nothing to watch")


@pytest.mark.parametrize("option", ["--from", "--until", "--max-backlog", "--patience", "--poll", "--memory"])
def test_an_amount_that_is_none(certhia: Command, log_list: str, state: Path, option: str) -> None:
    done = certhia("watch", "example.com", "--log-list", log_list, "--state", state, option, "nonsense")
    assert done.status == 2
    assert "nonsense" in done.err
    assert option in done.err
