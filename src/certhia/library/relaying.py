"""What a scan finds, told to the sinks that ask for it: while it runs, and for a minute after it.

There is no outbox here: a scan keeps no state that others share. What a sink can't take in time is counted and said.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from certhia.clock import Clock
from certhia.config import Settings
from certhia.errors import Throttled
from certhia.events.event import Event, wanted
from certhia.events.words import told_of
from certhia.model import Noting, Sink, Tell
from certhia.scanner.records import Result, Target
from certhia.scanner.report.line import Lines
from certhia.sinks.refusals import Gone, Refused
from certhia.sinks.routing import Route
from certhia.sinks.terms import Terms

if TYPE_CHECKING:
    from certhia.events.bus import Bus
    from certhia.sinks.configured import Sinks

Record = Mapping[str, object]

MOST: Final = 10_000  # results that wait for one sink; what comes besides is counted
LAST: Final = 60.0  # seconds that sinks have after the scan
STOPPED: Final = 5.0  # after one that was stopped
LONGEST: Final = 10.0  # seconds between two attempts: a scan is soon over
TYPES: Final = (  # of events that a scan publishes
    *("scan.started", "scan.progress", "scan.completed", "scan.failed"),
    *("certificate.found", "domain.discovered", "vulnerability.detected"),
)


class Relay:
    """One sink's part."""

    def __init__(self, sink: Sink, terms: Terms, clock: Clock, tell: Tell, route: Route) -> None:
        self.name = sink.name
        self.route = route
        self.lost = 0
        self.reason = ""
        self._sink = sink
        self._terms = terms
        self._clock = clock
        self._tell = tell
        self._waiting: deque[Result | Record] = deque()
        self._more = asyncio.Event()
        self._over = False

    def put(self, results: Sequence[Result | Record]) -> None:
        """Has them told in their turn."""
        room = MOST - len(self._waiting)
        self._waiting.extend(results[:room])
        self.lost += max(len(results) - room, 0)
        self._more.set()

    def finish(self) -> None:
        """No more will come."""
        self._over = True
        self._more.set()

    @property
    def left(self) -> int:
        """How many it was not told."""
        return self.lost + len(self._waiting)

    async def run(self, record: Callable[[Result | Record], Record]) -> None:
        """Tells them until `finish` was called and none is left."""
        assert isinstance(self._sink, Noting)
        while self._waiting or not self._over:
            if not self._waiting:
                self._more.clear()
                await self._more.wait()
                continue
            try:
                await self._told(self._sink, record(self._waiting[0]))
            except Refused as error:
                self.lost += 1
                self._say(f"refuses a result: {error}")
            except Gone as error:
                self._say(str(error))
                self.lost += len(self._waiting)
                self._waiting.clear()
                return
            self._waiting.popleft()

    async def _told(self, sink: Noting, record: Record) -> None:
        """Until it works. Raises Refused, Gone."""
        failures = 0
        while True:
            try:
                await sink.note(record)
            except (Refused, Gone):
                raise
            except Exception as error:  # noqa: BLE001  (a sink may be anybody's code: told, and tried again)
                failures += 1
                self._say(f"could not be told, tried again while the scan runs: {error}")
                pause = min(self._terms.pause(failures), LONGEST)
                if isinstance(error, Throttled) and error.retry_after is not None:
                    pause = error.retry_after
                await self._clock.sleep(self._clock.jitter(pause))
            else:
                if self._terms.rate is not None:
                    await self._clock.sleep(1 / self._terms.rate)
                return

    def _say(self, text: str) -> None:
        if not self.reason:
            self._tell(f"{self.name}: {text}", level="warning")
        self.reason = text


class Relaying:
    """All sinks that want what a scan finds: each server that answered, as a record of the type `scan`."""

    def __init__(self, relays: Sequence[Relay], scan: str, clock: Clock, tell: Tell) -> None:
        """`scan`: what it is known by, the same when it is gone on with."""
        self._relays = relays
        self._scan = scan
        self._clock = clock
        self._tell = tell
        self._lines = Lines()
        self._loop = asyncio.get_running_loop()
        self._tasks = [self._loop.create_task(one.run(self._record)) for one in relays]

    def take(self, results: Sequence[Result]) -> None:
        """Has those told that answered. Any thread may call it."""
        answered = [one for one in results if one.served is not None]
        if answered:
            self._loop.call_soon_threadsafe(self._put, answered)

    async def finish(self, within: float = LAST) -> None:
        """Returns once all are told, or when so many seconds are over; says what was not."""
        await asyncio.sleep(0)  # what was put last
        for relay in self._relays:
            relay.finish()
        try:
            async with self._clock.deadline(within):
                await asyncio.gather(*self._tasks, return_exceptions=True)
        except TimeoutError:
            pass  # said below
        for relay in self._relays:
            if relay.left:
                why = f": {relay.reason}" if relay.reason else ""
                self._tell(f"{relay.name}: {relay.left:,} results were not told{why}", level="error")

    async def close(self) -> None:
        """Ends it. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def happened(self, event: Event) -> None:
        """Has an event told to those who want such: a handler of the bus, on the loop."""
        wanted = [relay for relay in self._relays if relay.route.hears(event)]
        told = [told_of(event)] if wanted else []
        for relay in wanted:
            relay.put(told)

    def _put(self, results: Sequence[Result]) -> None:
        for relay in self._relays:
            if "scan" in relay.route.events:
                relay.put(results)

    def _record(self, result: Result | Record) -> Record:
        if not isinstance(result, Result):
            return result
        said = json.loads(self._lines.line(result))
        target = result.target
        where = (self._scan, target.host or "", target.address, str(target.port), target.starttls or "")
        what = ", ".join(dict.fromkeys(one.kind for one in result.verdicts)) or "nothing is wrong with it"
        number = hashlib.sha256("\n".join(where).encode()).hexdigest()
        return {"type": "scan", "id": number, "scan_id": self._scan, **said, "text": f"{_place(target)}: {what}"}


def _place(target: Target) -> str:
    """Host, or address, and port, as people write them."""
    where = target.host or target.address
    return f"[{where}]:{target.port}" if ":" in where else f"{where}:{target.port}"


async def relaying_of(
    settings: Settings, scan: str, stack: AsyncExitStack, bus: Bus, *, clock: Clock, tell: Tell
) -> Relaying | None:
    """By the settings; `stack` closes it. None where no sink asks for it. Raises ConfigError."""
    wanted = {name: one for name, one in settings.sinks.items() if one.enabled and asks(one.events)}
    if not wanted:
        return None
    from certhia.library.delivering import sinks_of  # noqa: PLC0415  (few scans need it)
    from certhia.store.place import state_place  # noqa: PLC0415

    output = settings.output.model_copy(update={"require_redis": False})  # which is about those of a follower
    asked = settings.model_copy(update={"sinks": wanted, "output": output})
    directory = state_place(settings.state.name).directory
    sinks: Sinks = await sinks_of(asked, directory, stack, clock=clock, tell=tell)
    routes = {name: Route.of(one, output.kinds) for name, one in wanted.items()}
    relays = [Relay(one, sinks.terms[one.name], clock, tell, routes[one.name]) for one in sinks.sinks]
    relaying = Relaying(relays, scan, clock, tell)
    stack.push_async_callback(relaying.close)
    stack.callback(bus.on("*", relaying.happened))
    return relaying


def asks(events: Sequence[str]) -> bool:
    """Whether a sink with these `events` asks for anything that a scan has to say."""
    return "scan" in events or any(wanted(kind, events) for kind in TYPES)
