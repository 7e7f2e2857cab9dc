"""Alarms as people and programs read them."""

from __future__ import annotations

import json

import pytest

from certhia.library.alarmed import line
from certhia.model import Alarm
from certhia.store.alarms import Stored

AT = 1_795_000_000.0  # Unix seconds
STALE = Alarm("stale:ab", "silent \x1b[31m", AT, "First")


@pytest.mark.parametrize("cleared, ended", [(AT + 420, "over after 7 min"), (None, "not over, 40 s so far")])
def test_for_people(cleared: float | None, ended: str) -> None:
    assert line(Stored(STALE, cleared), AT + 40, json=False) == (
        f"2026-11-18 11:06:40  {ended}  First: silent \\x1b[31m"
    )


def test_for_programs() -> None:
    assert json.loads(line(Stored(STALE, AT + 1), AT + 40, json=True)) == {
        "kind": "stale",
        "key": "stale:ab",
        "log": "First",
        "text": "silent \x1b[31m",
        "since": "2026-11-18T11:06:40.000Z",
        "cleared": "2026-11-18T11:06:41.000Z",
    }
    assert json.loads(line(Stored(Alarm("disk", "full", AT), None), AT, json=True))["cleared"] is None
