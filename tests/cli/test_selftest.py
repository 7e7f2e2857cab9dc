"""`certhia selftest`: a certificate on its way from a log to a verified match."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Command


@pytest.mark.slow
def test_a_certificate_comes_through(certhia: Command) -> None:
    done = certhia("selftest")
    assert (done.status, done.err) == (0, "")
    steps = done.out.splitlines()
    assert len(steps) == 6
    assert steps[0].startswith("5 logs started in ")
    assert "selftest-" in steps[2]
    assert steps[-1].startswith("well: ")


def test_one_that_does_not_come_in_time(certhia: Command) -> None:
    done = certhia("selftest", "--json", "--within", "0.001")
    assert (done.status, done.err) == (1, "")
    assert json.loads(done.out) == {"logs": 5, "failed": True}


def test_logs_that_do_not_start(certhia: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    done = certhia("selftest")
    assert done.status == 1
    assert "did not start" in done.err
