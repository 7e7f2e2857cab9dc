"""How much single rooms say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from certhia.cli.speaker import SILENT
from certhia.config import load
from certhia.config.levels import LEVELS, ROOMS, level, levels
from certhia.errors import ConfigError

SOURCE = Path(__file__).resolve().parents[2] / "src" / "certhia"
SAYS = re.compile(r"\b_?(?:tell|say|notice)\(")


@pytest.mark.parametrize("text", ["sinks=debug", " Sinks = DEBUG "])
def test_as_they_are_kept(text: str) -> None:
    assert level(text) == "sinks=debug"


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("sinks", "write ROOM=LEVEL, where LEVEL is one of debug, info, warning, error"),
        ("sinks=loud", "write ROOM=LEVEL"),
        ("sink=debug", "says nothing; did you mean sinks?"),
        ("=debug", "says nothing; known are alarms"),
    ],
)
def test_what_makes_no_sense(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)):
        level(text)


def test_the_last_one_counts() -> None:
    assert levels(["sinks=debug", "logs=error", "sinks=info"]) == {"sinks": "info", "logs": "error"}
    assert set(levels([f"logs={one}" for one in LEVELS])) == {"logs"}


def test_from_the_environment(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert load({}, None, {**home, "CERTHIA_LOG__LEVELS": "sinks=debug,logs=error"}).log.levels == (
        "sinks=debug",
        "logs=error",
    )
    with pytest.raises(ConfigError, match="did you mean sinks"):
        load({"log.levels": ["sink=debug"]}, None, home)


def test_whoever_says_something_has_a_level() -> None:
    speaking = set()
    for path in SOURCE.rglob("*.py"):
        if SAYS.search(path.read_text(encoding="utf-8")):
            speaking.add(path.relative_to(SOURCE).with_suffix("").parts[0])
    assert speaking - set(ROOMS) - {*SILENT, "model"} == set()
    there = {path.stem for path in SOURCE.iterdir()}
    assert set(ROOMS) <= there
