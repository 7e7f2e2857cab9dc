"""S01: SIGKILL at any moment loses nothing, and tells nothing twice without saying so."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.program import in_file
from tests.faults import preload
from tests.faults.lives import FILE

KILLS = 50  # of each test below


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_s01_kill_anywhere(tmp_path: Path, root: Path, seed: int) -> None:
    """Before, in and after a write, sync, rename or request: the state is sound at each start, and at last complete."""
    *lives, last, end = preload.run("tests.faults.series", "killed", str(tmp_path), str(KILLS), str(seed), root=root)
    killed = [life for life in lives if life["status"] == -signal.SIGKILL]
    assert [life for life in lives if life["status"] not in (0, -signal.SIGKILL)] == []
    assert len(killed) == KILLS
    assert last["status"] == 0, last["said"]
    complete(end, tmp_path / FILE)
    how = Counter(life["at"] or "a request, or any moment" for life in killed)
    if isinstance(preload.library(), Path):
        assert len(how) > 10, how


def complete(end: dict[str, Any], told: Path) -> None:
    """Nothing lost, nothing unverified, every repeat marked."""
    assert end["unsound"] is None
    assert end["positions"] == end["sizes"]
    names, records = end["names"], in_file(told)
    assert {record["matched_domain"] for record in records} == {*names}
    assert len({record["id"] for record in records}) == len(names)
    first = Counter(record["id"] for record in records if not record["repeat"])
    assert max(first.values()) == 1
    totals = end["totals"]
    assert (totals["matches"], totals["delivered"]) == (len(names), len(names))
    assert totals["sightings"] == len(end["sizes"]) * len(names)
    assert totals["quarantine"] == sum(size // 40 for size in end["sizes"])
