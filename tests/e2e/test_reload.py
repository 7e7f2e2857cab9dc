"""Rules that change under a running program: new ones are followed, bad ones change nothing."""

from __future__ import annotations

import os
import pty
import signal

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.worlds import Served

pytestmark = pytest.mark.e2e


def test_a_changed_file_is_followed_and_a_bad_one_is_not(certhia: Certhia, pair: Served) -> None:
    rules = certhia.directory / "rules.txt"
    rules.write_text("# ours\nhost1.example.com\n")
    program = certhia.watch(pair, "-w", "rules.txt", "-f", "jsonl")
    program.until(lambda: len(program.records) == 1)

    rules.write_text("host1.example.com\nnot a rule\n")
    program.says("rules not reloaded, the old ones stay in use: rules.txt:2:")
    assert pair.grow(5)[0] == "host20.example.com"

    new = certhia.directory / "rules.new"
    new.write_text("host1.example.com\nhost25.example.com\nhost26.example.com\n")
    new.replace(rules)
    program.says("rules reloaded: 2 added, 3 in all")
    pair.grow(5)
    program.until(lambda: len(program.records) == 3)

    program.kill(signal.SIGHUP)
    program.says("rules reloaded: none changed, 3 in all")
    rules.unlink()
    program.says("rules.txt: cannot be read: No such file or directory")
    program.stop()
    told = [(record["matched_domain"], record["rules"]) for record in program.records]
    assert {name for name, _ in told} == {"host1.example.com", "host25.example.com", "host26.example.com"}
    assert len(told) == 3
    assert all(rule[0]["rule"] == name for name, rule in told)  # type: ignore[index]
    certhia.is_sound()


def test_a_terminal_that_closes_ends_it(certhia: Certhia, pair: Served) -> None:
    ours, theirs = pty.openpty()
    program = certhia.watch(pair, "example.com", "-f", "jsonl", err=theirs)
    os.close(theirs)
    program.until(lambda: len(program.records) == 20)
    os.close(ours)
    program.kill(signal.SIGHUP)
    assert program.end() in (0, 120)  # 120: Python could not flush standard error, as its terminal is gone
    certhia.is_sound()
