"""`import certhia`: what is public, cheap to import, in any order."""

from __future__ import annotations

import ast
import json
import pkgutil
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

import certhia

ROOT = Path(__file__).resolve().parent.parent


def python(code: str) -> object:
    """What a fresh interpreter prints, as JSON."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", range(3))
def test_all_names_in_any_order(seed: int) -> None:
    """Submodules are imported in between: none of them takes the place of a public name."""
    names = list(certhia.__all__)
    modules = ["certhia.logs.follow", "certhia.cli.watch", "certhia.library", "certhia.pipeline", "certhia.testing"]
    steps = [f"certhia.{name}" for name in names] + [f"__import__({module!r})" for module in modules]
    random.Random(seed).shuffle(steps)
    ends = "; ".join(f"kinds[{name!r}] = type(certhia.{name}).__name__" for name in names)
    code = f"import json, certhia\n{chr(10).join(steps)}\nkinds = {{}}\n{ends}\nprint(json.dumps(kinds))"
    kinds = python(code)
    assert isinstance(kinds, dict)
    assert "module" not in kinds.values()
    functions = {name for name, kind in kinds.items() if kind == "function"}
    assert functions == {"follow", "module", "scan", "subscribe", "watch"}


def test_importing_it_alone_is_cheap() -> None:
    code = "import sys, json, certhia; print(json.dumps([name for name in sys.modules if 'certhia' in name]))"
    assert python(code) == ["certhia.errors", "certhia"]
    code = "import sys, json, certhia; certhia.Certificate; print(json.dumps(sorted(sys.modules)))"
    loaded = python(code)
    assert isinstance(loaded, list)
    assert not {"aiohttp", "sqlalchemy", "pydantic", "asyncio", "certhia.model"} & set(loaded)


def test_each_name_has_a_home_that_type_checkers_see() -> None:
    tree = ast.parse(Path(certhia.__file__).read_text("utf-8"))
    seen = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("certhia.")
        for alias in node.names
    }
    homes = {name: f"certhia.{home}" for name, home in certhia._HOME.items()}
    assert {name: module for name, module in seen.items() if module != "certhia.errors"} == homes
    assert sorted(seen) == sorted(certhia.__all__)


def test_dir_and_what_isnt_there() -> None:
    assert {*certhia.__all__} <= {*dir(certhia)}
    with pytest.raises(AttributeError, match="has no attribute 'wacth'"):
        certhia.wacth  # noqa: B018


def test_no_module_bears_a_public_name() -> None:
    modules = {module.name for module in pkgutil.iter_modules(certhia.__path__)}
    assert modules & {*certhia.__all__} == set()


def test_errors_are_one_tree() -> None:
    errors = [getattr(certhia, name) for name in certhia.__all__]
    kinds = [kind for kind in errors if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) == 9
    assert all(issubclass(kind, certhia.CerthiaError) for kind in kinds)
    with pytest.raises(certhia.Malformed) as caught:
        certhia.Certificate.from_der(b"\x30\x03\x02\x01")
    assert isinstance(caught.value, ValueError)
    assert caught.value.reason
    assert isinstance(caught.value.offset, int)


def test_every_public_name_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "reference" / "library.md").read_text("utf-8")
    told = re.findall(r"(?m)^::: certhia(?:\.[\w.]+)?\.(\w+)$", text)
    assert sorted(told) == sorted(certhia.__all__)
    core = certhia._HOMES["_core"].split()  # its docstrings stand in the stub
    assert [name for name in certhia.__all__ if name not in core and not getattr(certhia, name).__doc__] == []
