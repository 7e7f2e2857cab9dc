"""From a run's figures to samples."""

from __future__ import annotations

import pytest

from certhia.clock import Spent
from certhia.logs.status import Status
from certhia.metrics import collecting
from certhia.metrics.collecting import Inner, SinkFigures, disk_samples, gap_samples, inner_samples, resident
from certhia.metrics.names import METRICS
from certhia.metrics.published import Durations, Published
from certhia.modules.seat import Figures
from certhia.store.ledger import Track
from certhia.testing import World

MODULE = {
    "up": 0,
    "calls_total": 3,
    "seconds_total": 0.5,
    "entries_total": 40,
    "findings_total": 2,
    "errors_total": 1,
    "skipped_total": 9,
}


def test_what_goes_on_inside() -> None:
    spent, redis = Spent(), Published()
    spent.add(1.5)
    redis.connected, redis.attempts = True, 2
    redis.success.add(0.003)
    inner = Inner(
        sinks=[SinkFigures("hook", True, 5, 2, 1)],
        hosts={"example.com:443": False},
        published=[redis],
        stages={"core": spent},
        queues={"core": 4},
        bodies=(1, 2),
        caches={"told": (3, 7, 7)},
        received=900,
        modules={"short": (Figures(calls=3, seconds=0.5, entries=40, findings=2, errors=1, skipped=9), False)},
    )
    found = {(name, labels): value for name, labels, value in inner_samples(inner)}
    assert {name for name, _ in found} <= METRICS.keys()
    assert {name: found[f"certhia_module_{name}", ("short",)] for name in MODULE} == MODULE
    assert found["certhia_sink_up", ("hook",)] == 0
    assert found["certhia_sink_told_total", ("hook",)] == 5
    assert found["certhia_sink_failures_total", ("hook",)] == 2
    assert found["certhia_sink_dead_total", ("hook",)] == 1
    assert found["certhia_host_up", ("example.com:443",)] == 0
    assert found["certhia_stage_seconds_total", ("core",)] == 1.5
    assert found["certhia_stage_times_total", ("core",)] == 1
    assert found["certhia_queue_depth", ("core",)] == 4
    assert (found["certhia_bodies_bytes", ()], found["certhia_bodies_limit_bytes", ()]) == (1, 2)
    assert found["certhia_cache_hits_total", ("told",)] == 3
    assert found["certhia_cache_misses_total", ("told",)] == 7
    assert found["certhia_received_bytes_total", ()] == 900
    assert found["ctscout_redis_connection_status", ()] == 1
    assert found["ctscout_redis_reconnection_attempts_total", ()] == 2
    assert found["ctscout_redis_publish_total", ("success",)] == 1
    assert found["ctscout_redis_publish_total", ("failure",)] == 0
    durations = found["ctscout_redis_publish_duration_seconds", ("success",)]
    assert isinstance(durations, Durations)
    assert durations.counts[1] == 1


def test_one_redis_of_two_that_is_gone_shows() -> None:
    there, gone = Published(), Published()
    there.connected = True
    found = {name: value for name, _, value in inner_samples(Inner(published=[there, gone]))}
    assert found["ctscout_redis_connection_status"] == 0


def test_what_was_skipped(certhia_world: World) -> None:
    log = certhia_world.rfc6962("one").model
    track = Track({}, gaps=[(10, 20), (30, 31)])
    found = {name: value for name, _, value in gap_samples([Status(log)], {log.id: track})}
    assert found == {"certhia_log_gaps": 2, "certhia_log_gap_entries": 11}


def test_disks() -> None:
    assert list(disk_samples({"/var": 5})) == [("certhia_disk_free_bytes", ("/var",), 5)]


def test_memory_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    there = resident()
    monkeypatch.setattr(collecting, "_STATM", collecting._STATM / "nothing")
    assert there > 1 << 24
    assert resident() > 1 << 24
