"""`certhia state`: copies, and what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.store.conftest import Book

from certhia.clock import Clock
from certhia.store import State


@pytest.fixture
def filled(state: Path) -> Path:
    """Three matches that nobody waits for, a day apart; the last was seen now."""

    async def fill() -> None:
        book, now = Book(), Clock().now()
        async with await State.open(state, clock=Clock(), follow=True) as opened:
            opened.writer.log(book.log)
            for index in range(3):
                opened.writer.match(replace(book.match(index), seen=now - 86400 * (2 - index)), [])

    asyncio.run(fill())
    return state


def test_there_and_back(certhia: Command, filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    done = certhia("state", "backup", copy, "--state", filled)
    assert (done.status, done.out) == (0, f"{copy}: {copy.stat().st_size:,} bytes, 1 logs, 3 matches\n"), done.err
    assert (
        certhia("state", "backup", copy, "--state", filled).err
        == f"certhia: {copy}: is there already: name a new file\n"
    )
    other = tmp_path / "other"
    done = certhia("state", "restore", copy, "--state", other)
    assert (done.status, done.out) == (0, f"{other}: restored from {copy}: 1 logs, 3 matches\n"), done.err
    assert certhia("fsck", "--state", other).status == 0
    assert certhia("state", "restore", copy, "--state", other).status == 1
    assert certhia("state", "restore", copy, "--state", other, "--replace").status == 0


def test_pruned_without_a_follower(certhia: Command, filled: Path, tmp_path: Path) -> None:
    done = certhia("state", "prune", "--state", filled, "--keep-matches", "36h")
    assert (done.status, done.out[:23]) == (0, "let go of 1 old matches"), done.err
    assert certhia("state", "prune", "--state", filled, "--max-matches", "1").out.startswith("let go of 1 old matches")
    assert certhia("fsck", "--state", filled).status == 0
    done = certhia("state", "prune", "--state", tmp_path / "nowhere")
    assert done.status == 1
    assert not (tmp_path / "nowhere").exists()
