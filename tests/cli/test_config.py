from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_a_file_to_start_from(certhia: Command, tmp_path: Path) -> None:
    done = certhia("config", "init")
    path = tmp_path / "config" / "certhia" / "certhia.toml"
    assert done.status == 0
    assert str(path) in done.err
    assert path.read_text().startswith("#:schema ./certhia.schema.json\n")
    assert json.loads((path.parent / "certhia.schema.json").read_text()) == json.loads(certhia("config", "schema").out)
    assert certhia("config", "check").out == f"{path}: 1 key set, nothing wrong\n"
    again = certhia("config", "init")
    assert (again.status, "is there already; --force writes over it" in again.err) == (2, True)
    assert certhia("config", "init", "--force").status == 0


def test_it_may_go_elsewhere(certhia: Command, tmp_path: Path) -> None:
    assert certhia("config", "init", "-").out.startswith("#:schema")
    assert certhia("config", "init", tmp_path / "a.yaml").status == 0
    assert (tmp_path / "a.yaml").read_text().startswith("# yaml-language-server: $schema=./certhia.schema.json")
    assert certhia("config", "check", tmp_path / "a.yaml").status == 0
    (tmp_path / "file").write_text("")
    assert "cannot be written" in certhia("config", "init", tmp_path / "file" / "x.toml").err


def test_all_that_is_wrong_is_told_at_once(certhia: Command, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[watch]\nrules = ["re:("]\nfiles = ["gone.txt"]\n[read]\nmemroy = 1\n')
    done = certhia("config", "check", "--config", path)
    assert done.status == 2
    assert [line.split(" ")[3] for line in done.err.splitlines()[1:]] == [f"{path}:5:", f"{path}:2:", f"{path}:3:"]
    assert certhia("config", "check", tmp_path / "none.toml").status == 2


def test_what_holds_is_shown(certhia: Command, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[read]\nmemory = "32MB"\n')
    done = certhia("config", "show", "--config", path, "--changed")
    assert done.out.splitlines() == ["[read]", f'memory = "32MB"                                   # {path}:2', ""]
    path.write_text('[read]\nmemory = "32MB"\npatience = "soon"\n')
    done = certhia("config", "show", "--config", path)
    assert done.status == 2
    assert 'memory = "32MB"' in done.out
    assert f"{path}:3: read.patience" in done.err


def test_without_a_file(certhia: Command) -> None:
    assert certhia("config", "check").out == "no file: 0 keys set, nothing wrong\n"
