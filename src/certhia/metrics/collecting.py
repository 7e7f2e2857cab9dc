"""A run's figures, as samples. Collected when somebody asks; nothing is counted twice."""

from __future__ import annotations

import resource
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final, Protocol

from certhia.clock import Spent
from certhia.logs.asked import Asked
from certhia.logs.snapshot import Run
from certhia.logs.status import Status
from certhia.metrics.names import Sample
from certhia.metrics.published import Durations, Published
from certhia.model import Health
from certhia.store.ledger import Track

_STATM: Final = Path("/proc/self/statm")


class Server(Protocol):
    """A certstream server that is read: see `certhia.stream.standing.Relayed`."""

    @property
    def server(self) -> str: ...
    @property
    def connected(self) -> bool: ...
    @property
    def messages(self) -> Mapping[str, int]: ...
    @property
    def missed(self) -> int: ...
    @property
    def connections(self) -> int: ...


@dataclass(frozen=True, slots=True)
class SinkFigures:
    """How a sink is doing; counts are of this run."""

    name: str
    failing: bool
    told: int
    failed: int  # attempts
    dead: int


class ModuleFigures(Protocol):
    """What a module did in this run: see `certhia.modules.seat.Figures`."""

    @property
    def calls(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def entries(self) -> int: ...
    @property
    def findings(self) -> int: ...
    @property
    def errors(self) -> int: ...
    @property
    def skipped(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Inner:
    """What goes on inside a run. What is unknown is left empty.

    Attributes:
        sinks: those in use.
        hosts: whether each host that sinks send to is asked now.
        published: of each Redis.
        stages: how long each took.
        queues: what waits.
        bodies: bytes of bodies that are held, and the most that may be.
        caches: hits, misses and size.
        received: bytes of bodies that came.
        places: where files are written.
        modules: what each did, and whether it is at work.
    """

    sinks: Sequence[SinkFigures] = ()
    hosts: Mapping[str, bool] = field(default_factory=dict)
    published: Sequence[Published] = ()
    stages: Mapping[str, Spent] = field(default_factory=dict)
    queues: Mapping[str, int] = field(default_factory=dict)
    bodies: tuple[int, int] | None = None
    caches: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    received: int | None = None
    places: Sequence[Path] = ()
    modules: Mapping[str, tuple[ModuleFigures, bool]] = field(default_factory=dict)


def run_samples(run: Run, statuses: Sequence[Status], waiting: Mapping[str, int], now: float) -> Iterator[Sample]:
    """What a run did, and how its logs are. `waiting`: deliveries by sink; `now`: Unix seconds."""
    done = run.summary
    yield "certhia_build_info", (version("certhia"),), 1.0
    yield "certhia_start_time_seconds", (), run.since
    yield "certhia_resident_bytes", (), resident()
    yield "certhia_matches_total", (), done.matches
    yield "certhia_sightings_total", (), done.sightings
    yield "ctscout_certificates_processed_total", (), done.entries
    yield "ctscout_matches_found_total", (), done.matches
    for kind, count in Counter(alarm.key.replace(" ", ":").partition(":")[0] for alarm in run.alarms).items():
        yield "certhia_alarms", (kind,), count
    for sink, count in waiting.items():
        yield "certhia_outbox_waiting", (sink,), count
    yield from _logs(statuses, now)
    yield from _requests("log lists", "", run.lists)
    for status in statuses:
        if (asked := run.asked.get(status.log.id)) is not None:
            yield from _requests(*labels_of(status), asked)


def gap_samples(statuses: Iterable[Status], tracks: Mapping[bytes, Track]) -> Iterator[Sample]:
    """What was skipped of each log that is followed."""
    for status in statuses:
        if not status.finished and (track := tracks.get(status.log.id)) is not None:
            yield "certhia_log_gaps", labels_of(status), len(track.gaps)
            yield "certhia_log_gap_entries", labels_of(status), sum(end - start for start, end in track.gaps)


def server_samples(servers: Iterable[Server]) -> Iterator[Sample]:
    """What came of other certstream servers."""
    for one in servers:
        yield "certhia_server_up", (one.server,), one.connected
        yield "certhia_server_missed_total", (one.server,), one.missed
        yield "certhia_server_connections_total", (one.server,), one.connections
        for kind, count in one.messages.items():
            yield "certhia_server_messages_total", (one.server, kind), count


def inner_samples(inner: Inner) -> Iterator[Sample]:
    """What goes on inside."""
    for sink in inner.sinks:
        yield "certhia_sink_up", (sink.name,), not sink.failing
        yield "certhia_sink_told_total", (sink.name,), sink.told
        yield "certhia_sink_failures_total", (sink.name,), sink.failed
        yield "certhia_sink_dead_total", (sink.name,), sink.dead
    for host, asked in inner.hosts.items():
        yield "certhia_host_up", (host,), asked
    for stage, spent in inner.stages.items():
        yield "certhia_stage_seconds_total", (stage,), spent.seconds
        yield "certhia_stage_times_total", (stage,), spent.times
    for queue, depth in inner.queues.items():
        yield "certhia_queue_depth", (queue,), depth
    if inner.bodies is not None:
        yield "certhia_bodies_bytes", (), inner.bodies[0]
        yield "certhia_bodies_limit_bytes", (), inner.bodies[1]
    for cache, (hits, misses, size) in inner.caches.items():
        yield "certhia_cache_hits_total", (cache,), hits
        yield "certhia_cache_misses_total", (cache,), misses
        yield "certhia_cache_size", (cache,), size
    if inner.received is not None:
        yield "certhia_received_bytes_total", (), inner.received
    yield from _published(inner.published)
    for module, (done, is_on) in inner.modules.items():
        yield "certhia_module_up", (module,), is_on
        yield "certhia_module_calls_total", (module,), done.calls
        yield "certhia_module_seconds_total", (module,), done.seconds
        yield "certhia_module_entries_total", (module,), done.entries
        yield "certhia_module_findings_total", (module,), done.findings
        yield "certhia_module_errors_total", (module,), done.errors
        yield "certhia_module_skipped_total", (module,), done.skipped


def disk_samples(free: Mapping[str, int]) -> Iterator[Sample]:
    """Bytes that are free, by path."""
    for path, left in free.items():
        yield "certhia_disk_free_bytes", (path,), left


def _published(several: Sequence[Published]) -> Iterator[Sample]:
    """All together, as ct-scout has one Redis; zeros where there is none."""
    for status in ("success", "failure"):
        all_of_them = Durations()
        for one in several:
            all_of_them.take(one.success if status == "success" else one.failure)
        yield "ctscout_redis_publish_total", (status,), sum(all_of_them.counts)
        yield "ctscout_redis_publish_duration_seconds", (status,), all_of_them
    yield "ctscout_redis_connection_status", (), bool(several) and all(one.connected for one in several)
    yield "ctscout_redis_reconnection_attempts_total", (), sum(one.attempts for one in several)


def _logs(statuses: Iterable[Status], now: float) -> Iterator[Sample]:
    healths = Counter[Health]()
    for status in statuses:
        labels = labels_of(status)
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


def _requests(log: str, log_id: str, asked: Asked) -> Iterator[Sample]:
    for reason, outcomes in asked.as_json().items():
        for outcome, count in outcomes.items():
            yield "certhia_requests_total", (log, log_id, reason, outcome), count


def labels_of(status: Status) -> tuple[str, str]:
    """A log's, as `log` and `log_id`."""
    return status.log.description or status.log.url, status.log.id[:8].hex()


def resident() -> int:
    """Bytes of memory that the process takes; where the system doesn't say, the most that it took."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
