"""The loop closed: names of matches are asked, some time after they were logged, what their servers show.

It is a sink of the outbox, so that each match that is told is also queued here at least once, and a work beside the
logs that asks when the time has come. What came of a probe is told before it is marked: who is killed between the two
tells it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from itertools import islice
from typing import Final

from certhia.clock import Clock, iso
from certhia.concerning import concerning
from certhia.config import Settings
from certhia.library.looking import Looking
from certhia.library.planning import resolver_of
from certhia.library.probed import STAGES, record, sentence, text
from certhia.model import Delivery, Match, Noting, Sink, SinkClosed, Tell
from certhia.scanner.budget import INTERVAL
from certhia.sinks.refusals import Refused
from certhia.store import State, probes
from certhia.store.probes import Finding, Probe, Wish

MAX_NAMES = 20  # of one certificate that are asked

LONGEST_NAME: Final = 253  # characters (RFC 1035 section 2.3.4): nobody can ask for a longer one
PORT: Final = 443
BATCH: Final = 64  # probes at once
NAP: Final = 600.0  # seconds: so soon it is noticed that the wall clock was set
NAMED: Final = frozenset(("san", "cn", "ip"))  # where a rule finds names
LAST: Final = 60.0  # seconds for what is due at the end of a run
SILENCE: Final = 600.0  # seconds between two words on probes that gave way


class Probing:
    """A sink that asks the servers of what it is told. See `certhia.model.Sink`.

    Args:
        stages: names of `STAGES`.
        noting: sinks; those of them that take records write down what was found. May change.
        hears: has it told by others, once it is committed; gives whether there are any.
    """

    name = "probe"

    def __init__(
        self,
        state: State,
        looking: Looking,
        stages: Sequence[str],
        noting: Sequence[Sink],
        *,
        clock: Clock,
        tell: Tell,
        port: int = PORT,
        hears: Callable[[Match, Mapping[str, object]], bool] = lambda _match, _record: False,
    ) -> None:
        self._state = state
        self._looking = looking
        self._stages = sorted(STAGES[stage] for stage in stages)
        self._noting = noting
        self._clock = clock
        self._tell = tell
        self._port = port
        self._hears = hears
        self._more = asyncio.Event()
        self._idle = asyncio.Event()  # nothing is due
        self._gone = 0
        self._told_at = -SILENCE

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once all probes of these matches are queued."""
        wishes = [wish for delivery in deliveries for wish in self._wishes(delivery.match)]
        self._gone += await probes.add(self._state.writer, wishes)
        if self._gone and self._clock.monotonic() >= self._told_at + SILENCE:
            many = f"{self._gone:,} probes gave way to others: more than {probes.MAX_WAITING:,} wait"
            self._tell(f"{many}; give --probe fewer moments, or watch for less", level="warning")
            self._gone, self._told_at = 0, self._clock.monotonic()
        self._idle.clear()
        self._more.set()

    async def close(self) -> None:
        """Nothing is held: what waits is in the state."""

    def works(self) -> dict[str, Callable[[int], Awaitable[None]]]:
        """What is to run beside the logs, by what it is called when it breaks."""
        return {"probing": self.run}

    async def run(self, _faults: int = 0) -> None:
        """Asks whatever is due, until cancelled. Raises StateError."""
        for name, address in await probes.lately(self._state, self._clock.now() - INTERVAL):
            self._looking.remember(name, address)
        while True:
            self._more.clear()
            if waiting := await probes.due(self._state, self._clock.now(), BATCH):
                self._idle.clear()
                await self._probe(waiting)
                continue
            if not self._more.is_set():
                self._idle.set()
            at = await probes.next_due(self._state)
            pause = None if at is None else min(NAP, max(0.0, at - self._clock.now()))
            with suppress(TimeoutError):
                async with self._clock.deadline(pause):
                    await self._more.wait()

    async def finish(self) -> None:
        """Returns once nothing is due any more, or a minute later: for the end of a run that came to its end."""
        with suppress(TimeoutError):
            async with self._clock.deadline(LAST):
                await self._idle.wait()

    async def farewell(self) -> None:
        """Says what still waits when a run is over."""
        many = await probes.waiting(self._state)
        at = await probes.next_due(self._state)
        if many and at is not None:
            left = f"{many:,} probes still wait" if many > 1 else "1 probe still waits"
            self._tell(
                f"{left}, until {iso(at)[:19].replace('T', ' ')} or later, for a run with --probe: "
                "`certhia probes --waiting` shows what for"
            )

    async def _probe(self, waiting: Sequence[Probe]) -> None:
        found, later = await self._looking.look(waiting)
        heard = False
        for probe, one in found:
            with concerning(probe.match.key.hex()):
                self._tell(text(probe, one))
                await self._note(probe, one)
                heard |= self._hears(probe.match, {"type": "probe", **record(probe, one), "text": sentence(probe, one)})
        if heard:
            await self._state.writer.durable()
        await probes.settle(self._state.writer, found, later)

    async def _note(self, probe: Probe, found: Finding) -> None:
        for sink in [one for one in self._noting if isinstance(one, Noting)]:
            try:
                await sink.note(record(probe, found))
            except (SinkClosed, Refused):
                continue  # of the one the outbox hears, and ends the run; the other's format has no place for it
            except OSError as error:
                self._tell(f"what came of a probe is kept in the state alone: {error}", level="warning")

    def _wishes(self, match: Match) -> list[Wish]:
        """What is to be asked: moments that are over already when a match is told are one, the last of them."""
        logged, now = match.sighting.timestamp / 1000, self._clock.now()
        logged = min(logged, now)  # a log may claim any time
        over = [stage for stage in self._stages if logged + stage <= now]
        stages = [*over[-1:], *self._stages[len(over) :]]
        return [
            Wish(match.key, name, self._port, stage, logged + stage)
            for name in islice(names_of(match), MAX_NAMES)
            for stage in stages
        ]


def probing_of(
    settings: Settings,
    state: State,
    sinks: Sequence[Sink],
    stack: AsyncExitStack,
    *,
    clock: Clock,
    tell: Tell,
    hears: Callable[[Match, Mapping[str, object]], bool],
) -> Probing:
    """By the settings; `stack` closes what it needs. Raises ConfigError."""
    resolver, servers = resolver_of(settings.scan, clock)
    stack.push_async_callback(servers.close)
    looking = Looking(resolver, clock, timeout=settings.scan.timeout)
    probing = Probing(state, looking, settings.watch.probe, sinks, clock=clock, tell=tell, hears=hears)
    stack.push_async_callback(probing.farewell)
    return probing


def names_of(match: Match) -> list[str]:
    """The names of a certificate that can be asked, each once; those that a rule found come first."""
    written = (*(hit.name for hit in match.hits if hit.where in NAMED), *match.names)
    plain = (name.removeprefix("*.").rstrip(".").lower() for name in written)
    return [name for name in dict.fromkeys(plain) if name and "*" not in name and len(name) <= LONGEST_NAME]
