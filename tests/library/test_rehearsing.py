"""A module tried on certificates at hand."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from certhia import ConfigError
from certhia._core import Issuers
from certhia.clock import Clock
from certhia.config import load
from certhia.library.certificates_at_hand import made_up, paged
from certhia.library.rehearsing import Rehearsed, looked_at, rehearsal
from certhia.library.setup import connect
from certhia.modules import Finding, Sees
from certhia.modules.failing import Failed
from certhia.store.place import Place
from certhia.store.state import State

MODULE = """
from certhia.modules import Finding, Info, Sees

class Mine:
    info = Info("mine", "3", "Mine", Sees.{sees}, needs={needs})

    def setup(self, outside):
        self.state = outside.state

    def process(self, batch):
        return [Finding("seen", f"{{len(batch)}} {{self.state is not None}}")]

    def flush(self):
        return [Finding("held", "back")]
"""


async def tried(tmp_path: Path, text: str, *, trusted: bool = False, rules: tuple[str, ...] = (".",)) -> list[str]:
    (tmp_path / "mine.py").write_text(text)
    settings = load({"modules.autoload": [tmp_path], "modules.mine.trusted": trusted}, None, {"HOME": str(tmp_path)})
    came: list[Rehearsed] = []
    clock = Clock()
    async with AsyncExitStack() as stack:
        one = await rehearsal(
            settings,
            "mine",
            stack,
            rules=rules,
            clock=clock,
            tell=lambda *_a, **_k: None,
            connect=lambda: connect(settings, clock),
            opened=lambda: State.open(Place(tmp_path / "state"), clock=clock, follow=True),
            directory=tmp_path / "own",
        )
        await one.run(paged(made_up(9), Issuers()), came.append)
    assert came[-1].batch is None
    return [result.text for one in came for result in one.results if isinstance(result, Finding)]


async def test_in_a_worker(tmp_path: Path) -> None:
    assert await tried(tmp_path, MODULE.format(sees="ENTRIES", needs=())) == ["9 False", "back"]


async def test_in_this_process_with_what_it_needs(tmp_path: Path) -> None:
    text = MODULE.format(sees="MATCHES", needs=("state",))
    assert await tried(tmp_path, text, trusted=True) == ["9 True", "back"]


async def test_rules_choose(tmp_path: Path) -> None:
    text = MODULE.format(sees="MATCHES", needs=())
    assert await tried(tmp_path, text, rules=("host3.example.com",)) == ["1 False", "back"]


async def test_what_a_run_would_refuse(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"modules.mine: needs 'network', which a worker process is not given"):
        await tried(tmp_path, MODULE.format(sees="ENTRIES", needs=("network",)))
    text = MODULE.format(sees="ENTRIES", needs=()).replace('"back")', '"back", data={"a": float("nan")})')
    with pytest.raises(Failed, match="gave what is no result"):
        await tried(tmp_path, text, trusted=True)


async def test_one_that_sees_visits_is_tried_by_a_scan(tmp_path: Path) -> None:
    text = MODULE.format(sees="VISITS", needs=()).replace("process(self, batch)", "extract(self, context)")
    with pytest.raises(ConfigError, match="certhia scan --http"):
        await tried(tmp_path, text)


async def test_a_look_sets_nothing_up(tmp_path: Path) -> None:
    text = MODULE.format(sees="ENTRIES", needs=("network",)).replace("self.state = outside.state", "1 / 0")
    (tmp_path / "mine.py").write_text(text)
    settings = load({"modules.autoload": [tmp_path]}, None, {"HOME": str(tmp_path)})
    place, one = await looked_at(settings, "mine", Clock(), lambda *_a, **_k: None)
    assert place.where == str(tmp_path / "mine.py")
    assert (one.info.version, one.info.sees, one.info.needs) == ("3", Sees.ENTRIES, ("network",))
    with pytest.raises(ConfigError, match="there is no such module"):
        await looked_at(settings, "other", Clock(), lambda *_a, **_k: None)
