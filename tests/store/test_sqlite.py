"""A file as the database of a state."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from certhia.store import State, database
from certhia.store.fsck import check
from certhia.store.sqlite import Sqlite


async def test_it_is_there_when_there_is_a_file(tmp_path: Path) -> None:
    here = Sqlite(tmp_path / "state.db")
    assert not await here.is_there()
    await here.make()
    assert await here.is_there()
    assert here.label == str(tmp_path / "state.db")
    assert str(here.failure(OSError(28, "No space left on device"))).startswith(f"{here.label}: No space left")
    assert not here.busy(sqlite3.OperationalError("disk I/O error"))


async def test_references_to_what_is_not_there_are_found(state: State) -> None:
    with closing(sqlite3.connect(state.file, timeout=database.BUSY_TIMEOUT)) as hand, hand:
        hand.execute("INSERT INTO quarantine VALUES (9, 1, 'why', x'', x'', 1.0, 1, NULL)")
    faults = {str(fault) for fault in await check(state)}
    assert any("names a row of logs that is not there" in fault for fault in faults)
