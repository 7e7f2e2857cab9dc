"""From a place to the module that is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.modules.builtin import BUILTIN
from certhia.modules.loading import load
from certhia.modules.places import Place
from certhia.testing import entries_of

CLASS = """
from certhia.modules import Finding, Info, Sees

class Mine:
    info = Info("mine", "1", "Mine", Sees.ENTRIES)

    def process(self, batch):
        return [Finding("seen", "one")]
"""
FUNCTION = """
from certhia import Certificate, module

@module
def anything(certificate: Certificate) -> str:
    return "one"
"""
FUNCTIONS = """
from certhia.modules import Finding, Info, Sees

info = Info("mine", "1", "Mine", Sees.ENTRIES)

def process():
    return [Finding("seen", "one")]
"""


def place(tmp_path: Path, text: str) -> Place:
    (tmp_path / "mine.py").write_text(text)
    return Place("mine", "file", str(tmp_path / "mine.py"))


@pytest.mark.parametrize("text", [CLASS, FUNCTION, FUNCTIONS])
def test_a_class_a_function_a_file_of_functions(tmp_path: Path, text: str) -> None:
    loaded = load(place(tmp_path, text))
    assert loaded.info.name == "mine"
    assert [one.text for one in loaded.call("process", batch=entries_of("a.example"))] == ["one"]


def test_a_package(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text(CLASS)
    assert load(Place("mine", "file", str(tmp_path / "mine"))).info.name == "mine"


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "has no module in it"),
        (CLASS + FUNCTION, "has 2 modules in it"),
        (CLASS.replace('"mine"', '"other"'), "holds module other, and is called mine"),
        (CLASS.replace("process", "work"), "sees entries, and has no `process`"),
    ],
)
def test_what_is_no_module(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        load(place(tmp_path, text))


def test_what_importing_raises(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        load(place(tmp_path, "1 / 0"))
    assert "certhia_module_mine" not in sys.modules
    with pytest.raises(ConfigError, match="is no Python file"):
        load(Place("mine", "file", str(tmp_path / "mine")))


def test_an_entry_point() -> None:
    with pytest.raises(ConfigError, match="has no `info`"):
        load(Place("mine", "installed", "certhia.errors:ConfigError"))
    with pytest.raises(ModuleNotFoundError):
        load(Place("mine", "installed", "certhia.nothing.like:it"))


@pytest.mark.parametrize("name", [*BUILTIN])
def test_built_in_modules_are_called_as_they_are_listed(name: str) -> None:
    assert load(Place(name, "built in", BUILTIN[name])).info.name == name
