"""Names and paths of states."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from certhia.errors import ConfigError, StateError
from certhia.store.place import engine_of, prepare, state_dir, state_place


def test_a_name_is_below_the_state_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_dir() == state_dir(None) == state_dir("") == tmp_path / "certhia" / "default"
    assert state_dir("work") == tmp_path / "certhia" / "work"
    assert not tmp_path.joinpath("certhia").exists()


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_without_a_state_home_it_is_below_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_dir("a") == tmp_path / ".local" / "state" / "certhia" / "a"


def test_a_value_with_a_slash_is_a_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert state_dir("./here") == tmp_path / "here"
    assert state_dir("/var/lib/certhia") == Path("/var/lib/certhia")
    assert state_dir("~/ct") == tmp_path / "home" / "ct"


@pytest.mark.parametrize("value", ["..", ".hidden", "a b", "-x", "a" * 65, "nul\0", "~nobody-of-that-name/x"])
def test_what_is_neither_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="--state"):
        state_dir(value)


def test_the_directory_is_its_owners(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    prepare(tmp_path / "a" / "b")


def test_a_directory_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StateError, match=r"file.*: (Not a directory|File exists).*--state"):
            prepare(path)


def test_a_database_has_a_directory_for_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    place = state_place("postgresql://ann:s3cret@db.example/certhia")
    assert place.directory.parent == tmp_path / "certhia"
    assert place.directory.name.startswith("postgresql-")
    assert str(place) == "postgresql://ann@db.example/certhia"
    assert "s3cret" not in repr(place)
    assert state_place("other").directory == state_dir("other")
    assert str(state_place("./there")) == str(Path("there").absolute())


def test_what_is_not_installed_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "certhia.store.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ConfigError, match=r"db\.example/n: .* needs asyncpg: pip install 'certhia\[postgresql\]'"):
        engine_of(state_place("postgresql://ann@db.example/n"))
