"""The newest file is written whole or not at all, and a directory is read as it was left."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stream.histories import A, B, Kept, content, cursor, fill, flip, place, read, record, sheet, short

from certhia.stream import recorder, records
from certhia.stream.recorder import CLEAN, VOUCHER, Recorder
from certhia.stream.segments import Segment, name


async def test_a_torn_end_is_cut_and_said(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history")
    async with kept.open(ends=False) as history:
        await record(history, sheet(A, 0, 10), sheet(A, 10, 20))
    fill(kept.files[0], content(kept.files[0])[:-1])
    kept.boot += 1
    async with kept.open() as history:
        assert "no whole record: cut off, as after a crash" in kept.said[0]
        assert short(await read(history, place(history, cursor(A, 5)))) == "a6-9"
        # What was lost is read again, and sent again: a client that has it goes on where it was lost.
        assert await record(history, sheet(B, 0, 5), sheet(A, 10, 25)) == [("Log beta", 0, 5), ("Log alpha", 10, 25)]
        assert short(await read(history, place(history, cursor(A, 15)))) == "b0-4 a10-24"


async def test_what_was_damaged_in_the_middle_is_a_gap(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history")
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(A, 10, 20), sheet(A, 20, 30))
        damaged = history.index.segments[0].rows[1]
    flip(kept.files[0], damaged.offset + 5)
    async with kept.open() as history:
        assert short(await read(history, place(history, cursor(A, 5)))) == "a6-9 -a10-19 a20-29"
        assert len(kept.said) == 1
        assert str(kept.files[0]) in kept.said[0]
        assert "entries 10 to 19" in kept.said[0]
        await read(history, place(history, cursor(A, 5)))
        assert len(kept.said) == 1  # told once


async def test_what_is_no_file_of_the_history_is_left_out(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history")
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10))
    fill(kept.directory / "0000000000000000.history", b"something else")
    fill(kept.directory / "notes.txt", b"not ours")
    async with kept.open() as history:
        assert "left out, as it does not begin as a file of the history does" in kept.said[0]
        assert short(await read(history, place(history, cursor(A, 5)))) == "a6-9"


async def test_who_vouches_for_what(tmp_path: Path) -> None:
    """Killed, the process loses nothing; with the machine's power something may be lost; an end in order is safe."""
    kept = Kept(tmp_path / "history")
    assert recorder.find(kept.directory, "1").sound is None  # there was none before
    async with kept.open(ends=False) as history:
        await record(history, sheet(A, 0, 10))
    assert recorder.find(kept.directory, "1").sound is None
    assert recorder.find(kept.directory, "2").sound == 2
    assert recorder.find(kept.directory, "").sound == 2
    async with kept.open() as history:
        await record(history, sheet(A, 10, 20))
    assert content(kept.directory / VOUCHER).decode() == CLEAN
    assert recorder.find(kept.directory, "2").sound is None
    (kept.directory / VOUCHER).unlink()
    assert recorder.find(kept.directory, "1").sound == 3


async def test_only_its_owner_reads_what_it_writes(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history")
    old = kept.directory / f"{VOUCHER}.new"  # as a killed process may have left it
    kept.directory.mkdir()
    old.touch(0o644)
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10))
        recorder.vouch(kept.directory, "a boot")
        assert {path.stat().st_mode & 0o777 for path in kept.directory.iterdir()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in kept.directory.iterdir()} == {0o600}
    assert not old.exists()


async def test_a_write_that_fails_is_taken_back(tmp_path: Path) -> None:
    segment = Segment(tmp_path / name(1), b"12345678", 1, 0.0, None, 0, {})
    writer = Recorder(tmp_path)
    segment.size = writer.begin(segment)
    writer.write(records.encode(segment.mark, records.Kind.PAGE), segment.size)
    assert segment.path.stat().st_size > segment.size
    full = Segment(tmp_path / name(2), b"12345678", 2, 0.0, None, 0, {})
    full.path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        writer.begin(full)
    assert not full.path.is_symlink()  # nothing is left that would be found damaged
    writer.let_go()
    writer.let_go()


async def test_issuers_stand_once_in_a_file(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history")
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(A, 10, 20))
        await record(history, sheet(A, 20, 30))
        assert len(history.index.segments[0].issuers) == 1
