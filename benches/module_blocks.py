"""A module that blocks: what a page and a match wait for it in the program whose worker process it holds up.

python benches/module_blocks.py [ROUNDS]

Real pages at a steady pace through `Host`, as the followers hand them on, beside nothing, a module that does nothing,
and one that never comes back: it is ended at its deadline and begun again, until it is switched off.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Final

from core_pages import material
from feeds import entries
from rows import Figure, Row
from table import table

from certhia.clock import Clock
from certhia.config import load
from certhia.model import Arrival, Log, Protocol
from certhia.modules.host import Ground, Host
from certhia.rules.watchlist import Watchlist
from certhia.store.place import Place
from certhia.store.state import State
from certhia.testing import World

LOG: Final = Log(bytes(32), b"", "a log", "Nobody", Protocol.STATIC, "https://ct.example/", "https://ct.example/")
PACE: Final = 200  # pages of 256 a second
SECONDS: Final = 8.0
DEADLINE: Final = 1.0
MODULE: Final = """
import time
from certhia.modules import Info, Sees

class Module:
    info = Info("{name}", "1", "One", Sees.ENTRIES)

    def process(self, batch):
        {body}
"""
BODIES: Final = {"good": "return []", "bad": "time.sleep(10)"}


@dataclass(slots=True)
class Waited:
    """Milliseconds."""

    pages: list[float] = field(default_factory=list)  # from a page's arrival until its follower goes on
    loop: list[float] = field(default_factory=list)  # that a thing which was due came late


def rows(rounds: int) -> Iterator[Row]:
    """One row; a figure for each module beside which pages go."""
    figures = []
    for name, title in ((None, "nothing"), ("good", "a module that does nothing"), ("bad", "one that blocks")):
        waited = [asyncio.run(_measured(name)) for _ in range(rounds)]
        figures.append(Figure(f"p99 of a page beside {title}", "ms", [_p99(one.pages) for one in waited]))
        figures.append(Figure(f"p99 of the loop beside {title}", "ms", [_p99(one.loop) for one in waited]))
    yield Row(f"{PACE} pages of 256 a second, a worker of modules beside", "corpus", figures)


async def _measured(name: str | None) -> Waited:
    pages, watchlist = material(entries().path).pages, Watchlist("example.com")
    arrivals = [Arrival(LOG, page, watchlist.matcher.scan(page), watchlist) for page in pages]
    waited = Waited()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        async with await State.open(Place(directory / "state"), clock=Clock(), follow=True) as state:
            host = Host(Ground(Clock(), _silent, _unheard, lambda: watchlist, state, World().transport()))
            try:
                if name is not None:
                    (directory / f"{name}.py").write_text(MODULE.format(name=name, body=BODIES[name]))
                    values = {f"modules.{name}.deadline": DEADLINE, "modules.autoload": [directory]}
                    await host.replace(load(values, None, {"HOME": folder}).modules)
                async with asyncio.TaskGroup() as group:
                    beside = [group.create_task(host.pages.run()), group.create_task(_ticked(waited))]
                    await _paced(host, arrivals, waited)
                    for task in beside:
                        task.cancel()
                if name == "bad" and not any(seat.figures.errors for seat in host.seats):
                    raise SystemExit("the module that blocks was never late")
            finally:
                await host.close()
    return waited


async def _paced(host: Host, arrivals: Sequence[Arrival], waited: Waited) -> None:
    begun = time.monotonic()
    for number in range(int(PACE * SECONDS)):
        await asyncio.sleep(max(0.0, begun + number / PACE - time.monotonic()))
        came = time.monotonic()
        await host.pages.accept(arrivals[number % len(arrivals)])
        waited.pages.append(1e3 * (time.monotonic() - came))


async def _ticked(waited: Waited) -> None:
    while True:
        due = time.monotonic() + 0.01
        await asyncio.sleep(0.01)
        waited.loop.append(1e3 * (time.monotonic() - due))


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    del text, level, log


def _unheard(type: str, data: Mapping[str, object], *, correlation: str = "") -> None:  # noqa: A002
    del type, data, correlation


if __name__ == "__main__":
    print(table(list(rows(int(sys.argv[1]) if len(sys.argv) > 1 else 3))))
