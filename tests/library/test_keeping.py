"""Observations on their way to the state."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from certhia.library import keeping
from certhia.library.keeping import Keeping, observed
from certhia.scanner.records import Found, Result, Served, Target
from certhia.store.observations import Observation, Observations

TARGET = Target("x", None, "www.example.com", "192.0.2.1", 443)
SERVED = Served(0x0303, 0, None, None, (b"leaf", b"issuer"))
SEEN = Result(TARGET, 7.0, 0.1, SERVED, names=(Found("a.example", "san"), Found("b.example", "script", 0.3)))


def test_what_a_result_shows() -> None:
    leaf = sha256(b"leaf").digest()
    assert observed(SEEN) == [
        Observation("a.example", "192.0.2.1", 443, "san", leaf, 1.0, 7.0, 7.0),
        Observation("b.example", "192.0.2.1", 443, "script", leaf, 0.3, 7.0, 7.0),
    ]
    assert observed(SEEN._replace(served=None)) == []
    assert observed(SEEN._replace(served=SERVED._replace(certificates=())))[0].certificate == b""


def test_it_is_written_when_asked_for_and_when_there_is_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Observations(tmp_path)
    kept = Keeping(held)
    kept.take([SEEN])
    assert [*held.find()] == []
    kept.flush()
    kept.flush()
    assert [*held.find()] == observed(SEEN)
    monkeypatch.setattr(keeping, "WAITING", 2)
    kept.take([SEEN._replace(at=9.0)])
    assert {one.last_seen for one in held.find()} == {9.0}
    kept.close()
