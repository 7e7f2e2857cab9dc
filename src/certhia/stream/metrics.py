"""`/metrics` of a server: what the run counts, and what the stream does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import chain

from aiohttp import web

from certhia.clock import Clock
from certhia.metrics.collecting import gap_samples, run_samples, server_samples
from certhia.metrics.names import Sample
from certhia.metrics.text import CONTENT_TYPE, Seen
from certhia.stream.answers import Answers
from certhia.stream.gate import ADDRESS, RATE, TOTAL
from certhia.stream.hub import Hub
from certhia.stream.once import Once
from certhia.stream.server import Server
from certhia.stream.standing import Kept, Known

Inside = Callable[[], Awaitable[Iterable[Sample]]]


async def known_samples(known: Known, now: float, inside: Inside | None = None) -> list[Sample]:
    """What a run counts. `inside`: what else there is of it; `now`: Unix seconds."""
    statuses, waiting = known.statuses(), await known.outbox()
    more = await inside() if inside is not None else ()
    return [
        *run_samples(known.run(), statuses, waiting, now),
        *gap_samples(statuses, known.tracks()),
        *server_samples(known.relayed()),
        *more,
    ]


class Metrics:
    """Answers `/metrics`."""

    def __init__(
        self, server: Server, answers: Answers, known: Known, hub: Hub, clock: Clock, inside: Inside | None = None
    ) -> None:
        self._server = server
        self._answers = answers
        self._known = known
        self._hub = hub
        self._clock = clock
        self._inside = inside
        self._once = Once(clock)

    def route(self, router: web.UrlDispatcher) -> None:
        """Adds the path."""
        router.add_get("/metrics", self._answer)

    async def samples(self) -> list[Sample]:
        """All figures of now."""
        now = self._clock.now()
        stream = chain(_stream(self._server, self._answers.clients()), _history(self._known.history(), now))
        unproven: Sample = ("certhia_unproven_bytes", (), self._hub.unproven_bytes)
        return [*await known_samples(self._known, now, self._inside), *stream, unproven]

    async def _answer(self, _request: web.Request) -> web.Response:
        async def make() -> bytes:
            return await self._hub.aside(Seen(await self.samples()).text)

        return web.Response(body=await self._once.get("metrics", make), headers={"Content-Type": CONTENT_TYPE})


def _stream(server: Server, clients: Mapping[str, int]) -> Iterator[Sample]:
    gate, access, streams = server.front.gate, server.front.access, server.streams
    yield "certhia_connections", (), gate.inside
    for reason in (TOTAL, ADDRESS, RATE):
        yield "certhia_refused_total", (reason,), gate.refused[reason]
    for status, count in access.refused.items():
        yield "certhia_refused_total", (str(status),), count
    for kind, count in clients.items():
        yield "certhia_clients", (kind,), count
    yield "certhia_clients_too_late_total", (), server.too_late
    yield "certhia_client_waiting_bytes", (), sum(one.client.waiting for one in streams.connections)
    for kind, tally in streams.tallies.items():
        yield "certhia_messages_sent_total", (kind,), tally.sent
        yield "certhia_messages_missed_total", (kind,), tally.missed
        yield "certhia_gaps_total", (kind,), tally.gaps
        yield "certhia_sent_bytes_total", (kind,), tally.nbytes


def _history(kept: Kept | None, now: float) -> Iterator[Sample]:
    if kept is not None:
        yield "certhia_history_bytes", (), kept.nbytes
        yield "certhia_history_seconds", (), max(now - kept.since, 0.0) if kept.since is not None else 0.0
        yield "certhia_history_up", (), not kept.trouble
