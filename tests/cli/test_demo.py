"""`certhia demo`: the small world of its own process, and Certhia at work on it."""

from __future__ import annotations

import json
import shutil
import urllib.request

import pytest
from tests.cli.conftest import Command

from certhia.cli import demo
from certhia.errors import CerthiaError
from certhia.rules.language import parse_rule


def test_its_rules_are_rules() -> None:
    assert len({parse_rule(rule).kind for rule in demo.RULES}) >= 3


@pytest.mark.slow
def test_it_finds_matches_and_ends_by_itself(certhia: Command) -> None:
    done = certhia("demo", "--seconds", 3, "--logs", 2, "--rate", 50, "-f", "jsonl", ".")
    assert done.status == 0, done.err
    assert len(done.out.splitlines()) > 10
    assert all(json.loads(line)["index"] >= 0 for line in done.out.splitlines())
    assert "entries seen in 2 logs" in done.err


def test_the_world_ends_with_the_demonstration() -> None:
    with demo.world(10.0, 1) as log_list, urllib.request.urlopen(log_list) as answer:
        assert json.load(answer)["operators"]
    with pytest.raises(OSError, match=r"refused|urlopen"):
        urllib.request.urlopen(log_list)


def test_evidence_stays_and_all_else_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with demo.place() as state:
        (state / "lists").mkdir(parents=True)
        (state / "state.db").touch()
    assert not state.parent.exists()
    with demo.place() as state:
        (state / "evidence").mkdir(parents=True)
        (state / "lists").mkdir()
        (state / "state.db").touch()
        file = state / "evidence" / "argon.json"
        file.touch()
    assert list(state.parent.rglob("*")) == [state, state / "evidence", file]
    assert capsys.readouterr().err == f"the evidence is kept: certhia verify-evidence {file}\n"
    shutil.rmtree(state.parent)
    with demo.place() as state:
        pass
    assert not state.parent.exists(), "nothing was begun"


def test_a_world_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(CerthiaError, match="did not start"), demo.world(1.0, 1):
        pass


def test_faults_are_listed(certhia: Command) -> None:
    done = certhia("demo", "--fault", "list")
    assert done.status == 0
    assert "L04  flipped-leaf" in done.out


def test_a_fault_that_is_none(certhia: Command) -> None:
    done = certhia("demo", "--fault", "L4")
    assert done.status == 2
    assert "did you mean L04 (flipped-leaf)?" in done.err
