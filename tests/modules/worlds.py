"""A whole run over some logs, with modules in files, in real time: modules run in processes, which no simulated clock
knows of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.rig import LIST, Sheet

from certhia.clock import Clock
from certhia.config import load
from certhia.events.bus import Bus
from certhia.events.event import Event
from certhia.library.assembly import Given, assemble
from certhia.model import Alarm, Summary
from certhia.rules.watchlist import Watchlist
from certhia.store.place import Place
from certhia.testing import World

GOOD = """
from certhia import Certificate, module

@module
def good(certificate: Certificate) -> str:
    return certificate.names[0]
"""
LOGS = 5
ENTRIES = 32  # of each


@dataclass
class Run:
    """What came of a run."""

    sheet: Sheet = field(default_factory=Sheet)
    said: list[tuple[str, str]] = field(default_factory=list)  # level, text
    events: list[Event] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    summary: Summary | None = None

    def found(self, module: str) -> list[str]:
        """The texts of what a module found."""
        events = [one for one in self.events if one.type == "finding.reported"]
        return [str(one.data["text"]) for one in events if one.data["module"] == module]

    def texts(self, *words: str) -> list[str]:
        """What was said that has these words in it."""
        return [text for _, text in self.said if all(word in text for word in words)]

    def of(self, type: str) -> list[dict[str, object]]:  # noqa: A002
        """The data of events of one type."""
        return [{**one.data} for one in self.events if one.type == type]


async def run(
    directory: Path,
    modules: Mapping[str, str],
    *,
    tables: Mapping[str, Mapping[str, object]] | None = None,
    rules: Sequence[str] = ("host7.example.com",),
    entries: int = ENTRIES,
    settings: Mapping[str, object] | None = None,
) -> Run:
    """Runs over all entries of several logs, a page each. `modules`: their texts by name; `tables`: their settings."""
    folder = directory / "modules"
    folder.mkdir(exist_ok=True)
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    values: dict[str, object] = {
        "logs.log_list": [LIST],
        "read.from": "beginning",
        "read.until": "now",
        "modules.autoload": [folder],
        **{f"modules.{name}.enabled": True for name in modules},
        **{f"modules.{name}.{key}": value for name, table in (tables or {}).items() for key, value in table.items()},
        **(settings or {}),
    }
    world, came, clock = World(), Run(), Clock()
    for number in range(LOGS):
        world.rfc6962(f"log{number}")
    world.grow(entries)
    watchlist = Watchlist(*rules)
    bus = Bus(clock)
    bus.on("*", came.events.append)

    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        came.said.append((level, text))

    def hears(alarm: Alarm, *, cleared: bool) -> None:
        if not cleared:
            came.alarms.append(alarm)

    given = Given(
        rules=lambda: watchlist,
        sinks=[came.sheet],
        stream=lambda _: None,
        place=Place(directory / "state"),
        clock=clock,
        tell=tell,
        transport=world.transport(),
        drain=None,
        heard=[hears],
        bus=bus,
    )
    environment = {"HOME": str(directory), "XDG_DATA_HOME": str(directory / "data")}
    async with AsyncExitStack() as stack:
        pipeline = await assemble(load(values, None, environment), given, stack)
        came.summary = await pipeline.run()
        came.alarms += pipeline.progress().alarms
    return came
