"""`/metrics`: what Prometheus reads of a server."""

from __future__ import annotations

from dataclasses import replace

import pytest
import websockets
from tests.metrics.reading import read
from tests.stream.asking import Asking

from certhia.logs.asked import Outcome, Reason
from certhia.logs.status import Status
from certhia.model import Alarm, Head, Health
from certhia.testing import World


@pytest.fixture
def stage() -> Asking:
    return Asking(World())


async def test_everything_that_is_counted(stage: Asking) -> None:
    (status,) = stage.statuses
    status.head, status.position, status.verified, status.entries = Head(900, b"", 0, b""), 800, 700, 800
    status.health, status.last_timestamp = Health.DEGRADED, 1
    stage.alarms = (Alarm("disk", "full", 0.0), Alarm("log:a", "ill", 0.0), Alarm("log:b", "ill", 0.0))
    stage.asked.note(Reason.HEAD, Outcome.THROTTLED)
    log = ("First Log 2026", stage.log.id[:8].hex())
    async with stage.running() as port, websockets.connect(f"ws://127.0.0.1:{port}/domains-only") as client:
        await stage.joined(1)
        await stage.feed(5)
        for _ in range(5):
            await client.recv()
        answer = await stage.get("/metrics")
    found = read(answer.body)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    wanted: dict[tuple[str, tuple[str, ...]], float] = {
        ("certhia_clients", ("domains",)): 1,
        ("certhia_clients", ("lite",)): 0,
        ("certhia_messages_sent_total", ("domains",)): 5,
        ("certhia_messages_missed_total", ("domains",)): 0,
        ("certhia_gaps_total", ("domains",)): 0,
        ("certhia_connections", ()): 2,
        ("certhia_refused_total", ("401",)): 0,
        ("certhia_logs", ("degraded",)): 1,
        ("certhia_logs", ("healthy",)): 0,
        ("certhia_log_up", log): 1,
        ("certhia_entries_total", log): 800,
        ("certhia_position", log): 800,
        ("certhia_verified_position", log): 700,
        ("certhia_tree_size", log): 900,
        ("certhia_lag_entries", log): 100,
        ("certhia_requests_total", (*log, "ok", "entries")): 1,
        ("certhia_requests_total", (*log, "throttled", "head")): 1,
        ("certhia_alarms", ("disk",)): 1,
        ("certhia_alarms", ("log",)): 2,
        ("certhia_matches_total", ()): 2,
        ("certhia_sightings_total", ()): 4,
        ("certhia_outbox_waiting", ("stdout",)): 3,
        ("ctscout_matches_found_total", ()): 2,
    }
    assert {key: found.get(key) for key in wanted} == wanted
    assert found["certhia_sent_bytes_total", ("domains",)] > 100
    assert found["certhia_lag_seconds", log] > 1e6
    assert found["certhia_resident_bytes", ()] > 1 << 24
    assert [labels for name, labels in found if name == "certhia_build_info"] != []


async def test_a_log_that_is_over_keeps_its_counts_alone(stage: Asking) -> None:
    stage.statuses[0].finished, stage.statuses[0].entries = "ended", 7
    async with stage.running():
        found = read((await stage.get("/metrics")).body)
    names = {name for name, labels in found if "First Log 2026" in labels}
    assert names == {
        "certhia_entries_total",
        "certhia_quarantined_total",
        "certhia_position",
        "certhia_verified_position",
        "certhia_requests_total",
    }


async def test_what_a_log_calls_itself_breaks_nothing(stage: Asking) -> None:
    odd = 'a"b\\c\nd\x1b[31m{x="y"} 1'
    stage.statuses = [Status(replace(stage.log.model, description=odd))]
    async with stage.running():
        found = read((await stage.get("/metrics")).body)
    assert found["certhia_entries_total", (odd, stage.log.id[:8].hex())] == 0
