"""Whatever somebody wrote as a module, behind pluggy."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from certhia.errors import ConfigError
from certhia.modules import Info, Sees, hookimpl
from certhia.modules.plugged import RESULTS, Plugged, gathered

INFO = Info("mine", "1", "Mine", Sees.ENTRIES)


class Mine:
    info: ClassVar[Info] = INFO

    def setup(self) -> None:
        """Wants no argument."""

    @hookimpl
    def process(self, batch: Any) -> list[object]:
        return [batch]

    async def flush(self) -> list[object]:
        return []


def test_functions_take_what_they_want() -> None:
    mine = Plugged(Mine())
    assert mine.call("setup", config=1, outside=2) is None
    assert mine.call("process", batch="batch") == ["batch"]
    assert mine.call("close") is None
    assert [hook for hook in ("setup", "process", "extract", "flush", "close") if mine.has(hook)] == [
        "setup",
        "process",
        "flush",
    ]
    assert (mine.waits("flush"), mine.waits("process"), mine.waits("close")) == (True, False, False)


def test_a_file_of_functions_is_a_module_too() -> None:
    plugin = SimpleNamespace(info=INFO, process=lambda batch: [batch], helper=lambda: None)
    assert Plugged(plugin).call("process", batch=3) == [3]


def test_an_argument_that_there_is_not() -> None:
    plugin = SimpleNamespace(info=INFO, process=lambda batch, more: [batch, more])
    with pytest.raises(ConfigError, match=r"module mine: .*more"):
        Plugged(plugin)


@pytest.mark.parametrize(
    "plugin, text",
    [
        (SimpleNamespace(), "has no `info`"),
        (SimpleNamespace(info="x"), "has no `info`"),
        (SimpleNamespace(info=Info("No", "1", "", Sees.ENTRIES)), "is no name of a module"),
        (SimpleNamespace(info=Info("no", "", "", Sees.ENTRIES)), "its version must be a text"),
        (SimpleNamespace(info=Info("no", 1, "", Sees.ENTRIES)), "its version must be a text"),  # type: ignore[arg-type]
        (SimpleNamespace(info=Info(None, "1", "", Sees.ENTRIES)), "is no name"),  # type: ignore[arg-type]
        (SimpleNamespace(info=Info("no", "1", None, Sees.ENTRIES)), "summary must"),  # type: ignore[arg-type]
        (SimpleNamespace(info=Info("no", "1", "", "entries")), "must be Sees.ENTRIES"),  # type: ignore[arg-type]
        (SimpleNamespace(info=Info("no", "1", "", Sees.ENTRIES, dict)), "config must be"),  # type: ignore[arg-type]
        (SimpleNamespace(info=replace(INFO, needs="network")), "needs must be a tuple"),  # type: ignore[arg-type]
        (SimpleNamespace(info=replace(INFO, needs=("",))), "needs must be a tuple"),
        (SimpleNamespace(info=replace(INFO, needs=None)), "needs must be a tuple"),  # type: ignore[arg-type]
        (SimpleNamespace(info=replace(INFO, inline=True)), "only those that see matches can be"),
        (SimpleNamespace(info=INFO), "sees entries, and has no `process`"),
        (SimpleNamespace(info=INFO, extract=lambda context: [context]), "sees entries, and has no `process`"),
        (
            SimpleNamespace(info=replace(INFO, sees=Sees.VISITS), process=lambda batch: [batch]),
            "sees visits, and has no `extract`",
        ),
    ],
)
def test_what_is_no_module(plugin: object, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        Plugged(plugin)


def test_results_without_end() -> None:
    assert gathered(None) == []
    assert gathered(iter("ab")) == ["a", "b"]
    with pytest.raises(ValueError, match="more than 10,000 results"):
        gathered(range(RESULTS + 1))
