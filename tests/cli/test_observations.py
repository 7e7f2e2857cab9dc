"""`certhia observations`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.store.observations import Observation, Observations


@pytest.fixture
def kept(state: Path) -> Path:
    held = Observations(state)
    one = Observation("www.example.com", "192.0.2.1", 443, "san", b"\1" * 32, 1.0, 0.0, 86400.0)
    held.add([one, one._replace(name="api.example.net", address="2001:db8::1", source="script", confidence=0.6)])
    held.close()
    return state


def test_for_people(certhia: Command, kept: Path) -> None:
    shown = certhia("observations", "--state", str(kept))
    assert shown.out.splitlines() == [
        "www.example.com  192.0.2.1:443  san  1970-01-01 00:00:00 to 1970-01-02 00:00:00  0101010101010101",
        "api.example.net  [2001:db8::1]:443  script 0.6  1970-01-01 00:00:00 to 1970-01-02 00:00:00  0101010101010101",
    ]


def test_for_programs(certhia: Command, kept: Path) -> None:
    shown = certhia("observations", "example.com", "--json", "--state", str(kept))
    assert json.loads(shown.out) == {
        "name": "www.example.com",
        "address": "192.0.2.1",
        "port": 443,
        "source": "san",
        "certificate": "01" * 32,
        "confidence": 1.0,
        "first_seen": 0.0,
        "last_seen": 86400.0,
    }


def test_nothing(certhia: Command, kept: Path) -> None:
    assert certhia("observations", "192.0.2.9", "--state", str(kept)).status == 1
    assert "`certhia scan --keep` makes it" in certhia("observations", "--state", str(kept / "none")).err
