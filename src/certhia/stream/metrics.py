"""`/metrics`: everything that is counted, for Prometheus. Collected when it is asked for; nothing is counted twice.

Labels `log` and `log_id`: the log's description, and the first 8 bytes of its id as cursors have them.
"""

from __future__ import annotations

import resource
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from certhia.clock import Clock
from certhia.logs.asked import Asked
from certhia.logs.status import Status
from certhia.model import Health
from certhia.stream.answers import Answers
from certhia.stream.gate import ADDRESS, RATE, TOTAL
from certhia.stream.hub import Hub
from certhia.stream.once import Once
from certhia.stream.server import Server
from certhia.stream.standing import Kept, Known, Relayed

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

_LOG: Final = ("log", "log_id")
_STATM: Final = Path("/proc/self/statm")


class Named(NamedTuple):
    """A metric: whether it only grows, its labels, what it says. Counters end in `_total`."""

    counts: bool
    labels: tuple[str, ...]
    help: str


METRICS: Final[Mapping[str, Named]] = {
    "certhia_build_info": Named(False, ("version",), "1, of the version that runs"),
    "certhia_start_time_seconds": Named(False, (), "Unix time when the run began"),
    "certhia_resident_bytes": Named(False, (), "Memory of the process"),
    "certhia_connections": Named(False, (), "Connections that are open, streams and others"),
    "certhia_refused_total": Named(
        True, ("reason",), "Connections and requests refused: total, address, rate (connections), 401, 403 (requests)"
    ),
    "certhia_clients": Named(False, ("stream",), "Clients of each stream"),
    "certhia_clients_too_late_total": Named(True, (), "Clients closed because they could not keep up"),
    "certhia_client_waiting_bytes": Named(False, (), "Bytes that wait for clients, all together"),
    "certhia_messages_sent_total": Named(True, ("stream",), "Messages handed to connections"),
    "certhia_messages_missed_total": Named(True, ("stream",), "Messages that clients lost"),
    "certhia_gaps_total": Named(
        True,
        ("stream",),
        "Times that clients lost messages, also where a profile has no words to tell them",
    ),
    "certhia_sent_bytes_total": Named(True, ("stream",), "Bytes of messages handed to connections"),
    "certhia_logs": Named(False, ("health",), "Logs that are followed, by how they are doing"),
    "certhia_log_up": Named(False, _LOG, "1 of a log that is healthy or degraded, 0 of one that failed or is frozen"),
    "certhia_entries_total": Named(True, _LOG, "Entries read in this run"),
    "certhia_quarantined_total": Named(True, _LOG, "Entries of them that could not be decoded"),
    "certhia_position": Named(False, _LOG, "Entries below this index are read"),
    "certhia_verified_position": Named(False, _LOG, "Entries below this index are proven, save what was skipped"),
    "certhia_tree_size": Named(False, _LOG, "Entries that the newest head covers"),
    "certhia_lag_entries": Named(False, _LOG, "Entries that the newest head covers and that are not read yet"),
    "certhia_lag_seconds": Named(False, _LOG, "Age of the newest entry read, while there are some to be read"),
    "certhia_history_bytes": Named(False, (), "Bytes of what is kept for those who come back"),
    "certhia_history_seconds": Named(False, (), "Age of the oldest of it"),
    "certhia_history_up": Named(False, (), "1 while what is sent is recorded, 0 while it can't be"),
    "certhia_unproven_bytes": Named(False, (), "Bytes of pages that wait to be proven, for those who want them so"),
    "certhia_server_up": Named(
        False, ("server",), "1 of a certstream server that is read, 0 while nothing comes of it"
    ),
    "certhia_server_messages_total": Named(True, ("server", "kind"), "Messages that came of it"),
    "certhia_server_missed_total": Named(True, ("server",), "Messages that it says it did not send"),
    "certhia_server_connections_total": Named(True, ("server",), "Connections to it that came about"),
    "certhia_requests_total": Named(
        True, (*_LOG, "reason", "outcome"), "Requests to logs; those for log lists have an empty `log_id`"
    ),
    "certhia_alarms": Named(False, ("kind",), "Alarms that are raised now"),
    "certhia_matches_total": Named(True, (), "Certificates that concern somebody, where rules are given"),
    "certhia_sightings_total": Named(True, (), "Further sightings of them"),
    "certhia_outbox_waiting": Named(False, ("sink",), "Matches that a sink is still to be told"),
}

Sample = tuple[str, tuple[str, ...], float]
"""Name, values of the labels, value."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was collected, on the loop; to be written in a thread."""

    samples: tuple[Sample, ...]

    def text(self) -> bytes:
        """As Prometheus reads it (text format 0.0.4)."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(self.samples))
        return generate_latest(registry)


class _Families(Collector):
    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        families = {name: _family(name, one) for name, one in METRICS.items()}
        for name, labels, value in self._samples:
            families[name].add_metric(labels, value)
        yield from (family for family in families.values() if family.samples)

    def describe(self) -> Iterator[Metric]:
        """Names are checked by a test, not at each scrape."""
        return iter(())


def _family(name: str, one: Named) -> CounterMetricFamily | GaugeMetricFamily:
    if one.counts:
        return CounterMetricFamily(name, one.help, labels=one.labels)
    return GaugeMetricFamily(name, one.help, labels=one.labels)


class Metrics:
    """Answers `/metrics`."""

    def __init__(self, server: Server, answers: Answers, known: Known, hub: Hub, clock: Clock) -> None:
        self._server = server
        self._answers = answers
        self._known = known
        self._hub = hub
        self._clock = clock
        self._once = Once(clock)
        self._version = version("certhia")

    def route(self, router: web.UrlDispatcher) -> None:
        """Adds the path."""
        router.add_get("/metrics", self._answer)

    async def _answer(self, _request: web.Request) -> web.Response:
        async def make() -> bytes:
            clients, now = self._answers.clients(), self._clock.now()
            seen = await collect(self._known, self._server, self._hub, clients, self._version, now)
            return await self._hub.aside(seen.text)

        return web.Response(body=await self._once.get("metrics", make), headers={"Content-Type": CONTENT_TYPE})


async def collect(known: Known, server: Server, hub: Hub, clients: Mapping[str, int], version: str, now: float) -> Seen:
    """All figures. `now`: Unix seconds."""
    run, statuses = known.run(), known.statuses()
    done = run.summary
    alarms = Counter(alarm.key.replace(" ", ":").partition(":")[0] for alarm in run.alarms)
    waiting = await known.outbox()
    samples: list[Sample] = [
        ("certhia_build_info", (version,), 1.0),
        ("certhia_start_time_seconds", (), run.since),
        ("certhia_resident_bytes", (), resident()),
        ("certhia_matches_total", (), done.matches),
        ("certhia_sightings_total", (), done.sightings),
        *(("certhia_alarms", (kind,), count) for kind, count in alarms.items()),
        *(("certhia_outbox_waiting", (sink,), count) for sink, count in waiting.items()),
        *_stream(server, clients),
        *_logs(statuses, now),
        *_servers(known.relayed()),
        *_history(known.history(), now),
        ("certhia_unproven_bytes", (), hub.unproven_bytes),
        *_requests("log lists", "", run.lists),
    ]
    for status in statuses:
        if (asked := run.asked.get(status.log.id)) is not None:
            samples += _requests(*_labels(status), asked)
    return Seen(tuple(samples))


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


def _logs(statuses: Iterable[Status], now: float) -> Iterator[Sample]:
    healths = Counter[Health]()
    for status in statuses:
        labels = _labels(status)
        yield "certhia_entries_total", labels, status.entries
        yield "certhia_quarantined_total", labels, status.quarantined
        yield "certhia_position", labels, status.position
        yield "certhia_verified_position", labels, status.verified
        if status.finished:
            continue
        healths[status.health] += 1
        yield "certhia_log_up", labels, status.health in (Health.HEALTHY, Health.DEGRADED)
        yield "certhia_lag_entries", labels, status.lag
        yield "certhia_lag_seconds", labels, status.lag_seconds(now)
        if status.head is not None:
            yield "certhia_tree_size", labels, status.head.size
    for health in Health:
        yield "certhia_logs", (health.value,), healths[health]


def _servers(servers: Iterable[Relayed]) -> Iterator[Sample]:
    for one in servers:
        yield "certhia_server_up", (one.server,), one.connected
        yield "certhia_server_missed_total", (one.server,), one.missed
        yield "certhia_server_connections_total", (one.server,), one.connections
        for kind, count in one.messages.items():
            yield "certhia_server_messages_total", (one.server, kind), count


def _history(kept: Kept | None, now: float) -> Iterator[Sample]:
    if kept is not None:
        yield "certhia_history_bytes", (), kept.nbytes
        yield "certhia_history_seconds", (), max(now - kept.since, 0.0) if kept.since is not None else 0.0
        yield "certhia_history_up", (), not kept.trouble


def _requests(log: str, log_id: str, asked: Asked) -> Iterator[Sample]:
    for reason, outcomes in asked.as_json().items():
        for outcome, count in outcomes.items():
            yield "certhia_requests_total", (log, log_id, reason, outcome), count


def _labels(status: Status) -> tuple[str, str]:
    return status.log.description or status.log.url, status.log.id[:8].hex()


def resident() -> int:
    """Bytes of memory that the process takes; where the system doesn't say, the most that it took."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
