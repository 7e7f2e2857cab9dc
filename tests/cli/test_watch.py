"""`certhia watch`, from the command line to the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.cli import watch
from certhia.config import load
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


def test_what_ct_scout_is_told_is_understood() -> None:
    """Its documented command lines, without what clashes (docs/guide/migrate.md)."""
    seen: list[Mapping[str, object]] = []
    options = {one.name: one for one in (*watch.MATCHING, *watch.OUTPUT)}

    def of(**values: object) -> None:
        given: dict[str, object] = {}
        for name, value in values.items():
            given |= options[name].settings(value)
        seen.append(given)

    of(json=True, stats=60.0)
    of(csv=True, output=[Path("matches.csv")])
    of(roots=Path("roots.txt"), stats_interval=5.0)
    of(silent=True, webhook="https://webhook.example/x", webhook_secret="key", webhook_timeout="5")
    of(no_webhook=True, every_sighting=True, no_progress=True)
    assert seen == [
        {"output.format": "jsonl", "output.stats": 60.0},
        {"output.format": "csv", "output.files": [Path("matches.csv")]},
        {"watch.roots": "roots.txt", "output.stats": 5.0},
        {
            "output.format": "silent",
            "sinks.webhook.url": "https://webhook.example/x",
            "sinks.webhook.ctscout_secret": "key",
            "sinks.webhook.timeout": "5",
        },
        {"sinks.webhook.enabled": False, "watch.every_sighting": True, "output.progress": False},
    ]
    for given in seen:
        load(given, None, {"HOME": "/nowhere"})


def test_a_command_line_of_ct_scout(certhia: Command, log_list: str, state: Path, tmp_path: Path) -> None:
    roots = tmp_path / "roots.txt"
    roots.write_text("example.com\n")
    more = ("host7.example.com", "-j", "-r", roots, "--no-dedupe", "--no-webhook", "--no-progress")
    done = certhia(*arguments(log_list, state, *more))
    assert done.status == 0
    assert len(done.out.splitlines()) == 3, "each sighting"
