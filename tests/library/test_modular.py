"""From settings to the modules of a run."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from certhia.clock import Clock
from certhia.config import load
from certhia.events.bus import Bus
from certhia.library.modular import added_of, last_of, routes_of, works_of
from certhia.rules.watchlist import Watchlist
from certhia.sinks.sample import sample
from certhia.store.place import Place
from certhia.store.state import State
from certhia.testing import World

MODULE = """
from certhia.modules import Info, Sees

class Mine:
    info = Info("mine", "1", "Mine", Sees.MATCHES, needs=("certificates",))

    def process(self):
        return []
"""


async def test_all_that_a_pipeline_is_given(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODULE)
    settings = load({"modules.autoload": [tmp_path], "modules.mine.trusted": True}, None, {"HOME": str(tmp_path)})
    bus, watchlist, events, order = Bus(Clock()), Watchlist("example.com"), list[Any](), list[str]()
    bus.on("*", events.append)

    async def later() -> None:
        order.append("the others")

    async with AsyncExitStack() as stack:
        state = await stack.enter_async_context(await State.open(Place(tmp_path / "state"), clock=Clock(), follow=True))
        added = await added_of(
            settings,
            state,
            World().transport(),
            stack,
            rules=lambda: watchlist,
            tell=lambda *_a, **_k: None,
            bus=bus,
            clock=Clock(),
        )
        assert [one.name for one in added.sinks] == ["module:mine"]
        assert [*works_of(added)] == ["handing pages to modules", "gathering pages for modules"]
        match = sample(0.0)
        assert routes_of(added, lambda _: ["hook"])(match) == ("hook", "module:mine")
        assert [one.wants(match) for one in added.keeping()] == [True]
        await last_of(added, later)()
        await last_of(added, None)()
    assert order == ["the others"]
    assert [(one.type, one.source) for one in events] == [("module.loaded", "modules")]
