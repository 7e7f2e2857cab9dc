"""The envelope of events."""

from __future__ import annotations

import json
import uuid

from certhia.events.event import Event, Ids, line, wanted


def test_ids_are_uuids_that_sort_by_time() -> None:
    ids = Ids()
    made = [ids.new(1_700_000_000.0 + n // 3000) for n in range(9000)]
    assert len(set(made)) == 9000
    assert all(uuid.UUID(one).version == 7 and uuid.UUID(one).variant == uuid.RFC_4122 for one in made[:10])
    assert made[:4000] == sorted(made[:4000])
    assert int(uuid.UUID(made[0]).hex[:12], 16) == 1_700_000_000_000


def test_a_line_has_the_envelope() -> None:
    event = Event(
        "018bcfe5-6800-7000-8000-000000000000", "log.failed", 1.5, "watch", {"log": "x"}, {"correlation_id": "ab"}
    )
    assert json.loads(line(event)) == {
        "id": "018bcfe5-6800-7000-8000-000000000000",
        "type": "log.failed",
        "timestamp": "1970-01-01T00:00:01.500Z",
        "source": "watch",
        "data": {"log": "x"},
        "metadata": {"correlation_id": "ab"},
    }
    assert event.correlation == "ab"


def test_types_are_names_or_globs() -> None:
    assert wanted("scan.started", ["scan.*"])
    assert wanted("scan.started", ["scan.started"])
    assert wanted("scan.started", ["*"])
    assert not wanted("scan.started", ["match.found", "scan"])
