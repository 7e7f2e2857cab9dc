"""Where modules are found by their names. Nothing is executed for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.modules.builtin import BUILTIN
from certhia.modules.places import Places, called, own_directory

RAISES = "raise SystemExit('executed')\n"


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """An environment with a user's directory in it, which has a module."""
    folder = tmp_path / "data" / "certhia" / "modules"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(RAISES)
    return {"XDG_DATA_HOME": str(tmp_path / "data")}


def test_files_directories_and_packages(tmp_path: Path, own: dict[str, str]) -> None:
    named, folder = tmp_path / "one.py", tmp_path / "several"
    (folder / "a_package").mkdir(parents=True)
    for path in (named, folder / "two.py", folder / "a_package" / "__init__.py", folder / "test_two.py"):
        path.write_text(RAISES)
    (folder / "notes.txt").write_text("no module")
    places = Places([named, folder], own)
    files = {place.name: place.where for place in places.all() if place.kind == "file"}
    assert files == {
        "one": str(named),
        "a-package": str(folder / "a_package"),
        "two": str(folder / "two.py"),
        "mine": str(own_directory(own) / "mine.py"),
    }
    assert str(places.find("two")) == f"{folder / 'two.py'} (file)"


def test_the_current_directory_is_no_place(
    tmp_path: Path, own: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.py").write_text(RAISES)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"modules.here: there is no such module; known are .*mine"):
        Places((), own).find("here")


def test_built_in_ones_come_first(tmp_path: Path, own: dict[str, str]) -> None:
    for name in BUILTIN:
        (tmp_path / f"{name}.py").write_text(RAISES)
        assert Places([tmp_path], own).find(name).kind == "built in"


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"modules.autoload: there is no .*gone; name a file or a directory"):
        Places([tmp_path / "gone"], {}).find("one")


def test_the_users_directory() -> None:
    assert own_directory({"XDG_DATA_HOME": "/data"}) == Path("/data/certhia/modules")
    assert own_directory({"XDG_DATA_HOME": "data", "HOME": "/home/u"}) == Path("/home/u/.local/share/certhia/modules")
    assert own_directory({"HOME": "/home/u"}) == Path("/home/u/.local/share/certhia/modules")


def test_what_a_file_is_called() -> None:
    assert (called(Path("/a/my_module.py")), called(Path("/a/package"))) == ("my-module", "package")
