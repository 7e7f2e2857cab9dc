"""A host of modules by itself: over a state of its own, with what it says and publishes written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from certhia.clock import Clock
from certhia.config import load
from certhia.config.modules import Modules
from certhia.model import Arrival, Log, Protocol
from certhia.modules.host import Ground, Host
from certhia.rules.watchlist import Watchlist
from certhia.store.place import Place
from certhia.store.state import State
from certhia.testing import World
from certhia.testing.modules import page_of

LOG = Log(bytes(32), b"", "A log", "Nobody", Protocol.RFC6962, "https://ct.example/", "https://ct.example/")


class Hosted:
    """A host, and what came of it."""

    def __init__(self, directory: Path, state: State, clock: Clock) -> None:
        self.folder = directory / "modules"
        self.folder.mkdir(exist_ok=True)
        self.home = directory
        self.said: list[str] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.heard = asyncio.Event()  # of one
        self.watchlist = Watchlist("example.com")
        environment = {"HOME": str(directory), "XDG_DATA_HOME": str(directory / "data")}
        transport = World().transport()
        self.host = Host(
            Ground(clock, self.tell, self.publish, lambda: self.watchlist, state, transport, environment=environment)
        )

    def tell(self, text: str, *, level: str = "info", log: str = "") -> None:
        del level, log
        self.said.append(text)

    def publish(self, type: str, data: Mapping[str, Any], *, correlation: str = "") -> None:  # noqa: A002
        del correlation
        self.events.append((type, {**data}))
        self.heard.set()

    def write(self, name: str, text: str) -> None:
        (self.folder / f"{name}.py").write_text(text)

    def settings(self, **tables: Mapping[str, object]) -> Modules:
        values = {f"modules.{name}.{key}": value for name, table in tables.items() for key, value in table.items()}
        values |= {f"modules.{name}.enabled": True for name, table in tables.items() if "enabled" not in table}
        return load({"modules.autoload": [self.folder], **values}, None, {"HOME": str(self.home)}).modules

    def types(self) -> list[str]:
        return [type_ for type_, _ in self.events]

    def found(self) -> list[tuple[str, str]]:
        """Module and text of each finding."""
        return [(one["module"], one["text"]) for type_, one in self.events if type_ == "finding.reported"]

    def arrival(self, *names: str) -> Arrival:
        page = page_of(*names)
        return Arrival(LOG, page, self.watchlist.matcher.scan(page), self.watchlist)


@asynccontextmanager
async def hosted(directory: Path, clock: Clock | None = None) -> AsyncIterator[Hosted]:
    async with await State.open(Place(directory / "state"), clock=Clock(), follow=True) as state:
        one = Hosted(directory, state, clock or Clock())
        try:
            yield one
        finally:
            await one.host.close()
