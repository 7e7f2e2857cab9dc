"""What can happen, and its fields."""

from __future__ import annotations

import json
import re

import pytest

from certhia.events.types import BODIES, KINDS, Body, ModuleLoaded, ScanProgress, data_of

# What programs that listen go by: a type may be added here, never taken away.
NAMES = (
    *("scan.started", "scan.progress", "scan.completed", "scan.failed", "domain.discovered", "certificate.found"),
    *("match.found", "vulnerability.detected", "log.degraded", "log.failed", "log.misbehaved", "log.recovered"),
    *("module.loaded", "module.disabled", "worker.started", "worker.stopped", "config.reloaded", "finding.reported"),
    "events.missed",
)


def test_names_hold() -> None:
    assert sorted(KINDS) == sorted(NAMES)
    assert len(BODIES) == len(KINDS)


@pytest.mark.parametrize("kind", BODIES)
def test_each_type_explains_itself(kind: type[Body]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+", kind.type)
    assert kind.form >= 1
    assert kind.__doc__


def test_data_is_ready_for_json() -> None:
    told = data_of(ScanProgress("ab", None, 1, None, 0, 3))
    assert json.loads(json.dumps(told)) == {
        "scan_id": "ab",
        "progress": None,
        "done": 1,
        "total": None,
        "answered": 0,
        "domains_found": 3,
    }
    assert data_of(ModuleLoaded("watch", "2")) == {"module": "watch", "version": "2"}
