"""A file that is written as a whole."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.sinks.whole import Whole


def test_in_its_place_once_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    whole = Whole(path)
    whole.write("new")
    assert path.read_text() == "old"
    whole.commit()
    whole.discard()
    assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_not_wanted_any_more(tmp_path: Path) -> None:
    whole = Whole(tmp_path / "a.json")
    whole.write("x")
    whole.discard()
    whole.discard()
    assert [*tmp_path.iterdir()] == []


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        Whole(tmp_path / "none" / "a.json")
