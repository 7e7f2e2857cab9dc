"""Commands with the state in a database: `--state postgresql://…` wherever a name may stand."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.realservers.launching import Running
from tests.store.conftest import emptied, postgresql_server

__all__ = ["postgresql_server"]  # a fixture


@pytest.fixture
def url(postgresql_server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of an empty database; with files beside it below this test's directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    return asyncio.run(emptied(postgresql_server))


def test_followed_and_looked_at(certhia: Command, log_list: str, url: str, tmp_path: Path) -> None:
    state = ("--state", url)
    done = certhia("matches", *state)
    assert (done.status, done.out) == (1, "")
    assert f"{url}: there is no state here" in done.err
    followed = ("watch", "example.com", "--log-list", log_list, "--from", "beginning", "--until", "now", "-q", *state)
    done = certhia(*followed, "--format", "jsonl")
    assert done.status == 0, done.err
    told = [json.loads(line)["id"] for line in done.out.splitlines()]
    assert told
    done = certhia("matches", "--format", "jsonl", "--limit", "0", "--domain", "example.com", *state)
    assert {json.loads(line)["id"] for line in done.out.splitlines()} == set(told)
    assert certhia("ledger", *state).out.count("40 entries verified, 0 skipped") == 3
    assert certhia("fsck", *state).status == 0
    assert f"{url}" in certhia("status", *state).out
    assert certhia("state", "prune", *state).out.startswith("let go of 0 old matches")
    copy = tmp_path / "copy.db"
    assert certhia("state", "backup", copy, *state).status == 0
    done = certhia("state", "restore", copy, "--state", tmp_path / "file")
    assert done.status == 0, done.err
    assert certhia("fsck", "--state", tmp_path / "file").status == 0
    assert certhia("state", "restore", copy, *state).status == 1
    assert certhia("state", "restore", copy, "--replace", *state).status == 0
    done = certhia(*followed, "--format", "jsonl")
    assert (done.status, done.out) == (0, ""), "each is told once"


def test_what_is_no_database(certhia: Command, url: str) -> None:
    done = certhia("matches", "--state", url.replace("postgres://", "x").replace("/postgres", ""))
    assert done.status == 2
    assert "write postgresql://USER@HOST:5432/NAME" in done.err
    done = certhia("matches", "--state", f"{url.replace('certhia@', 'certhia:s3cret@')}?sslmod=x")
    assert done.status == 2
    assert "'sslmod' is an unknown parameter" in done.err or '"sslmod" is an unknown parameter' in done.err
    assert "s3cret" not in done.err
