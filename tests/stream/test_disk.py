"""A disk that fails: the streams go on, it is told, tried again, and whoever comes back is told what is missing."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from tests.stream.histories import A, B, Kept, cursor, place, proof, read, record, sheet, short

from certhia.stream import disk


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "history")


def full(kept: Kept, number: int) -> Path:
    """Has the next file be one that takes nothing; gives its path."""
    kept.directory.mkdir(exist_ok=True)
    path = kept.directory / f"{number:016x}.history"
    path.symlink_to("/dev/full")
    return path


async def test_s02_disk_error_costs_the_history_and_nothing_else(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 0, 5))
    async with kept.open() as history:
        full(kept, 3)
        assert await record(history, sheet(A, 10, 20)) == [("Log alpha", 10, 20)]  # it is sent all the same
        assert await record(history, sheet(A, 20, 30), proof(A, 0, 15)) != []
        assert len(kept.said) == 1
        assert str(kept.directory) in kept.said[0]
        assert "No space left on device" in kept.said[0]
        assert "make room" in kept.said[0]
        assert history.trouble
        assert short(await read(history, place(history, cursor(A, 5)))) == "a6-9 b0-4 -a10-29"
        kept.clock.advance(disk.AGAIN + 1)
        assert await record(history, sheet(A, 30, 40)) == [("Log alpha", 30, 40)]
        assert (history.trouble, kept.said[1:]) == ("", [f"{kept.directory}: the streams' history is recorded again"])
        assert short(await read(history, place(history, cursor(A, 5)))) == "a6-9 b0-4 -a10-29 a30-39"
        # Who has seen what was not recorded goes on where it was.
        assert short(await read(history, place(history, cursor(A, 22)))) == "b0-4 -a23-29 a30-39"
    async with kept.open() as history:
        assert short(await read(history, place(history, cursor(A, 5)))) == "a6-9 b0-4 -a10-29 a30-39"


async def test_the_process_dies_while_the_disk_is_full(kept: Kept) -> None:
    """What was sent and not recorded is in doubt: whoever has its cursor goes on where recording ended."""
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10))
    async with kept.open(ends=False) as history:
        full(kept, 2)
        await record(history, sheet(A, 10, 20), sheet(B, 0, 5))
    async with kept.open() as history:
        await record(history, sheet(B, 0, 5), sheet(A, 10, 20))
        assert short(await read(history, place(history, cursor(A, 15)))) == "b0-4 a10-19"


async def test_a_directory_that_cant_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = Kept(tmp_path / "file" / "history")
    async with kept.open() as history:
        assert str(tmp_path / "file") in kept.said[0]
        assert await record(history, sheet(A, 0, 10)) == [("Log alpha", 0, 10)]
        (tmp_path / "file").unlink()
        kept.clock.advance(disk.AGAIN + 1)
        await record(history, sheet(A, 10, 20))
        assert short(await read(history, place(history, cursor(A, 12)))) == "a10-19"  # some of it twice


async def test_a_disk_that_does_not_answer(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "PATIENCE", 0.01)
    answer = threading.Event()
    async with kept.open() as history:
        stuck = history.disk._writing.submit(answer.wait)
        await record(history, sheet(A, 0, 10))
        assert "timed out" in kept.said[0]
        kept.clock.advance(disk.AGAIN + 1)
        await record(history, sheet(A, 10, 20))  # nothing more is asked of it
        assert len(kept.said) == 1
        answer.set()
        await asyncio.to_thread(stuck.result)
        await asyncio.to_thread(history.disk._writing.submit(int).result)
        monkeypatch.setattr(disk, "PATIENCE", 10.0)
        kept.clock.advance(disk.AGAIN + 1)
        await record(history, sheet(A, 20, 30))
        assert history.trouble == ""


async def test_an_entry_too_large_for_the_history_is_not_recorded(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history", size=100_000)
    async with kept.open() as history:
        assert await record(history, sheet(A, 0, 200)) == [("Log alpha", 0, 200)]
        assert "more than the history may take" in kept.said[0]


def test_what_the_machine_calls_this_run() -> None:
    assert disk.boot() == disk.boot()
