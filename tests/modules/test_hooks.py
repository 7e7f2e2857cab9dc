"""What a module may implement: each has its contract, and the guide names all of them."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from certhia.modules import hooks

GUIDE = Path(__file__).resolve().parent.parent.parent / "docs" / "guide" / "modules.md"


@pytest.mark.parametrize("name", hooks.HOOKS)
def test_each_is_told_of(name: str) -> None:
    function = getattr(hooks, name)
    assert inspect.getdoc(function)
    arguments = ", ".join(inspect.signature(function).parameters)
    assert f"`{name}({arguments})`" in GUIDE.read_text("utf-8")


def test_there_are_no_others() -> None:
    marked = [name for name, one in vars(hooks).items() if hasattr(one, "certhia_spec")]
    assert sorted(marked) == sorted(hooks.HOOKS)
