"""The settings of modules: what all share, what only a module can judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.config import load
from certhia.config.differing import differences, told
from certhia.config.modules import BUILT_IN, ModuleSection, OtherModule
from certhia.config.showing import show
from certhia.config.sources import examine
from certhia.errors import ConfigError
from certhia.modules.builtin import BUILTIN

TEXT = """
[modules]
autoload = ["mine"]
memory = "256MB"

[modules.short]

[modules.long]
only = ["example.com"]
trusted = true
deadline = "2s"
days = 400
words = ["a", "${WORD:-b}"]
token = "hush"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "certhia.toml"
    path.write_text(text)
    return path


def test_a_table_is_enough(tmp_path: Path) -> None:
    settings = load({}, written(tmp_path, TEXT), {})
    assert settings.modules.autoload == (tmp_path / "mine",)
    assert settings.modules.memory == 256_000_000
    short = settings.modules.each["short"]
    assert isinstance(short, OtherModule)
    assert (short.enabled, short.only, short.trusted, short.deadline, short.own) == (True, (), False, None, {})


def test_what_only_the_module_knows_is_kept_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    long = load({}, path, {}).modules.each["long"]
    assert isinstance(long, OtherModule)
    assert (long.only, long.trusted, long.deadline) == (("example.com",), True, 2.0)
    assert {name: one.value for name, one in long.own.items()} == {"days": 400, "words": ["a", "b"], "token": "hush"}
    assert long.own["days"].where == f"{path}:12"


def test_shared_keys_are_judged_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'certhia.toml:3: modules.short.queue: "no" '):
        load({}, written(tmp_path, '\n[modules.short]\nqueue = "no"\n'), {})


def test_a_name_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no name of a module"):
        load({}, written(tmp_path, '[modules."No such"]\n'), {})


def test_variables(tmp_path: Path) -> None:
    one = load({}, written(tmp_path, TEXT), {"CERTHIA_MODULES__LONG__DAYS": "30"}).modules.each["long"]
    assert isinstance(one, OtherModule)
    assert (one.own["days"].value, one.own["days"].where) == ("30", "CERTHIA_MODULES__LONG__DAYS")
    with pytest.raises(ConfigError, match=r"certhia.toml:2: modules.a.word: the variable NONE is not set"):
        load({}, written(tmp_path, '[modules.a]\nword = "${NONE}"\n'), {})


def test_what_changed_is_told_key_by_key(tmp_path: Path) -> None:
    before = load({}, written(tmp_path, TEXT), {})
    after = load({}, written(tmp_path, "# one line more\n" + TEXT.replace("400", "30") + "[modules.new]\n"), {})
    assert {key: tuple(one) for key, one in differences(before, after).items() if "new" not in key} == {
        "modules.long.days": (400, 30)
    }
    assert told(before, after)[0] == "settings reloaded: modules.long.days is 30 (was 400)"
    assert "settings reloaded: modules.new is new" in told(before, after)


def test_what_looks_secret_is_not_shown(tmp_path: Path) -> None:
    lines = [line for line in show(examine({}, written(tmp_path, TEXT), {})) if "days" in line or "token" in line]
    assert [line.split("  ")[0] for line in lines if "serve" not in line][-2:] == [
        "days = 400",
        "# token is set, and not shown",
    ]


def test_every_built_in_module_has_its_settings() -> None:
    assert [*BUILT_IN] == [*BUILTIN]
    assert all(issubclass(one, ModuleSection) for one in BUILT_IN.values())
