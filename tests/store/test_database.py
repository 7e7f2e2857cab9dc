"""Connections: how they are opened, and what a lock held by others does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store import State, database
from certhia.store.batch import Batch
from certhia.store.commit import Outcome


async def test_a_locked_file_is_tried_again_once_and_then_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.02)
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        tries = 0
        write = state.writer._write

        async def counted(batch: Batch) -> Outcome:
            nonlocal tries
            tries += 1
            if tries == 2:
                hand.execute("COMMIT")
            return await write(batch)

        monkeypatch.setattr(state.writer, "_write", counted)
        with closing(sqlite3.connect(state.file, isolation_level=None)) as hand:
            hand.execute("BEGIN IMMEDIATE")
            await state.remember("a", "1")
            await state.writer.durable()
            assert tries == 2
            hand.execute("BEGIN IMMEDIATE")
            await state.remember("a", "2")
            with pytest.raises(StateError, match=r"state\.db: database is locked: another process keeps it locked"):
                await state.writer.durable()
            assert tries == 4
            hand.execute("COMMIT")


def test_a_name_with_odd_characters_is_a_file_as_any(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%41 'd'"
    path.mkdir()
    database.create(path / "state.db")
    assert [file.name for file in path.iterdir()] == ["state.db"]
