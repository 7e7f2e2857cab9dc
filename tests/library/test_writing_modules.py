"""A new module from a template. That it works is shown by tests/cli/test_modules.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia import ConfigError
from certhia.library.writing_modules import TEMPLATES, write
from certhia.modules.loading import load
from certhia.modules.places import Places


@pytest.mark.parametrize("sees", TEMPLATES)
def test_it_is_found_and_called_as_it_was_to_be(tmp_path: Path, sees: str) -> None:
    module, test = write("a-new_one", tmp_path / "folder", sees)
    assert (module.name, test.name) == ("a_new_one.py", "test_a_new_one.py")
    place = Places([tmp_path / "folder"], {}).find("a-new-one")
    if sees == "matches":  # a function is called like its file
        assert load(place).info.name == "a-new-one"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write("mine", tmp_path, "entries")
    with pytest.raises(ConfigError, match="is there already"):
        write("mine", tmp_path, "matches")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write("mine", tmp_path / "file", "matches")


@pytest.mark.parametrize("name", ["class", "json", "test", "certhia", "dataclasses"])
def test_no_name_that_its_test_could_not_import(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="means something else in Python"):
        write(name, tmp_path, "entries")
    assert not [*tmp_path.iterdir()]
