"""From a log's head to a webhook, in simulated time: real code, real sockets to the receiver, settings as they come.

python benches/head_to_webhook.py [MINUTES]

Logs publish a head every second or every few. An entry counts from the first head that covers its whole tile; where
its tile never fills in time, from the first head that covers the entry itself: then patience with partial tiles is in
it. What the code itself takes is not: while it works, simulated time stands still. That is in other rows.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rows import Figure, Row
from table import table

import certhia
from certhia.testing import SimClock, World, run_simulated, templates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from certhia.testing.logs import FakeLog

MINUTES: Final = 20.0  # simulated, of each kind of log
LATENCY: Final = 0.1  # seconds that a log takes to answer
TILE: Final = 256
LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
TAKEN: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
FULL: Final = 90.0  # seconds, at most
PARTIAL: Final = 300.0


@dataclass(frozen=True, slots=True)
class Growth:
    """How a log grows: so many entries with each head, the first of which is watched for."""

    entries: int
    every: float  # seconds between two heads


BUSY: Final = (Growth(40, 1.0), Growth(100, 5.0), Growth(500, 60.0))
QUIET: Final = (Growth(1, 20.0), Growth(3, 47.0), Growth(2, 301.0))


@dataclass(slots=True)
class Told:
    """When matches were published, and when the receiver had them: simulated seconds, by log and index."""

    published: dict[tuple[str, int], float] = field(default_factory=dict)
    arrived: dict[tuple[str, int], float] = field(default_factory=dict)

    def ages(self) -> list[float]:
        """How long each took, in order. Raises SystemExit where one never came."""
        missing = self.published.keys() - self.arrived.keys()
        if missing:
            raise SystemExit(f"{len(missing)} of {len(self.published)} matches never reached the webhook")
        return sorted(self.arrived[place] - at for place, at in self.published.items())


def rows() -> Iterator[Row]:
    """One row for each kind of log."""
    for title, growths, whole, target in (
        ("from a full tile's head to a webhook", BUSY, True, FULL),
        ("from a partial tile's head to a webhook", QUIET, False, PARTIAL),
    ):
        yield _row(title, growths, MINUTES, target=target, whole=whole)


def _row(title: str, growths: Sequence[Growth], minutes: float, *, target: float, whole: bool) -> Row:
    clock = SimClock()
    ages = run_simulated(measured(clock, growths, minutes, whole=whole), clock=clock).ages()
    figures = [
        Figure("p99", "s", [ages[int(len(ages) * 0.99)]], target),
        Figure("median", "s", [ages[len(ages) // 2]]),
        Figure("the slowest", "s", [ages[-1]]),
        Figure("matches", "", [len(ages)]),
    ]
    return Row(f"{title}, {len(growths)} static logs, {minutes:.0f} min of polls", "simulated", figures)


async def measured(clock: SimClock, growths: Sequence[Growth], minutes: float, *, whole: bool) -> Told:
    """Follows logs that grow for so long, and for ten minutes more. `whole`: whether entries count from their tile's
    head; those whose tile is not full at the end are left out."""
    world, told = World(clock), Told()
    logs = {world.static(f"log{number}"): growth for number, growth in enumerate(growths)}
    for log in logs:
        log.publish()
    async with receiving(told, clock) as port:
        hook = {"type": "webhook", "url": f"http://127.0.0.1:{port}/", "batch": 100}
        following = asyncio.create_task(_follow(world, clock, hook))
        await clock.sleep(30)
        made = templates([world.ca.issue(["www.example.com"]), world.ca.issue(["other.test"])])
        async with asyncio.TaskGroup() as group:
            for log, growth in logs.items():
                group.create_task(_grow(log, growth, made, clock, clock.monotonic() + 60 * minutes, told, whole))
        await clock.sleep(600)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
    return told


async def _follow(world: World, clock: SimClock, hook: Mapping[str, object]) -> None:
    found = certhia.watch(
        ["example.com"],
        start="now",
        lists=(),
        log_lists=["http://world.test/log_list.json"],
        every_sighting=True,
        options={f"sinks.hook.{key}": value for key, value in hook.items()},
        transport=world.transport(latency=LATENCY),
        clock=clock,
        tell=_silent,
    )
    async with aclosing(found):
        async for _ in found:
            pass


async def _grow(
    log: FakeLog, growth: Growth, made: Sequence[object], clock: SimClock, end: float, told: Told, whole: bool
) -> None:
    watched, other = made[:1], made[1:]
    waiting = list[int]()  # watched entries whose tile is not full yet
    while clock.monotonic() < end:
        await clock.sleep(growth.every)
        waiting.append(log.size)
        log.extend_raw(watched, 1)  # type: ignore[arg-type]
        log.extend_raw(other, growth.entries - 1)  # type: ignore[arg-type]
        log.publish()
        covered = log.size // TILE * TILE if whole else log.size
        told.published |= {(log.name, index): clock.monotonic() for index in waiting if index < covered}
        waiting = [index for index in waiting if index >= covered]


@asynccontextmanager
async def receiving(told: Told, clock: SimClock) -> AsyncIterator[int]:
    """A receiver in the same loop: gives its port."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                content = json.loads(await reader.readexactly(int(length[1]) if length else 0))
                for one in content.get("matches", [content]):
                    told.arrived.setdefault((one["log"], one["index"]), clock.monotonic())
                writer.write(TAKEN)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    """Nobody listens."""


def main(arguments: Sequence[str]) -> None:
    """Both, as a table."""
    del arguments
    print(table(list(rows())))


if __name__ == "__main__":
    main(sys.argv[1:])
