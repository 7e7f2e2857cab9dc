"""A copy of the state is whole, of one moment, and a state again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.store import State, backup
from certhia.store.fsck import check
from certhia.store.lock import Held, Lock
from certhia.store.place import Place

if TYPE_CHECKING:
    from tests.store.conftest import Book


async def opened(path: Path, *, follow: bool = True) -> State:
    return await State.open(path, clock=Clock(), follow=follow)


async def restored(path: Path, source: Path, *, replace: bool = False) -> backup.Copy:
    return await backup.restore(Place(path), source, clock=Clock(), replace=replace)


async def copied(path: Path, target: Path) -> backup.Copy:
    return await backup.backup(Place(path), target, clock=Clock())


def found(state: State, book: Book, *indices: int) -> None:
    for index in indices:
        state.writer.match(book.match(index), ["sink"])


async def test_a_copy_beside_a_follower_is_a_state_again(state: State, book: Book, tmp_path: Path) -> None:
    state.writer.log(book.log)
    state.writer.step(book.anchor(0, 4))
    state.writer.step(book.step(4))
    found(state, book, 1, 2)
    await state.remember("pace", "7")
    await state.writer.durable()
    state.writer.delivered("sink", [1])
    await state.writer.durable()
    await state.request("accept", "later")
    made = await copied(state.directory, tmp_path / "copy.db")
    assert (made.logs, made.matches, made.size) == (1, 2, (tmp_path / "copy.db").stat().st_size)
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    found(state, book, 3)
    await state.writer.durable()
    assert (await restored(tmp_path / "again", tmp_path / "copy.db")).matches == 2
    async with await opened(tmp_path / "again") as again:
        assert await check(again, check_head) == []
        assert [one.match.sighting.index for one in await again.matches()] == [2, 1]
        assert [(one.id, one.repeat) for one in await again.pending("sink")] == [(2, True)], (
            "who knows what was told since"
        )
        assert (await again.positions())[book.log.id].end == 4
        assert await again.recall("pace") == "7"
        assert await again.requests() == []
        found(again, book, 3)
        await again.writer.durable()
        assert await check(again, check_head) == []
    assert not (tmp_path / "copy.db.part").exists()


async def test_a_state_that_is_there_goes_only_as_asked(state: State, book: Book, tmp_path: Path) -> None:
    state.writer.log(book.log)
    found(state, book, 1)
    await state.writer.durable()
    await copied(state.directory, tmp_path / "copy.db")
    found(state, book, 2)
    await state.writer.durable()
    with pytest.raises(Held, match="already follows logs"):
        await restored(state.directory, tmp_path / "copy.db", replace=True)
    await state.close()
    with pytest.raises(StateError, match="there is a state here already: --replace"):
        await restored(state.directory, tmp_path / "copy.db")
    async with await opened(state.directory, follow=False) as reader:
        assert len(await reader.matches()) == 2
        await restored(state.directory, tmp_path / "copy.db", replace=True)
        assert len(await reader.matches()) == 1, "whoever looks on sees the new one"
    async with await opened(state.directory) as again:
        assert await check(again, check_head) == []


async def test_what_is_no_backup_changes_nothing(state: State, tmp_path: Path) -> None:
    await state.writer.durable()
    await copied(state.directory, tmp_path / "copy.db")
    await state.close()
    (tmp_path / "text").write_text("no database")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE x (y)")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num='0042'")
    for name, what in (
        ("text", "is no backup of a state"),
        ("other.db", "is no backup of a state"),
        ("copy.db", "made by a newer Certhia"),
        ("nothing", "there is no such file"),
    ):
        with pytest.raises(StateError, match=what):
            await restored(tmp_path / "fresh", tmp_path / name)
    assert not (tmp_path / "fresh").exists()


async def test_where_no_copy_can_be_made(state: State, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("precious")
    with pytest.raises(StateError, match="is there already: name a new file"):
        await copied(state.directory, tmp_path / "there")
    with pytest.raises(StateError, match="No such file or directory: name a file in a directory"):
        await copied(state.directory, tmp_path / "no" / "copy.db")
    with pytest.raises(StateError, match="there is no state here"):
        await copied(tmp_path / "nowhere", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    lock = Lock(tmp_path, 0.0)
    lock.release()


async def test_a_damaged_copy_is_said_so(state: State, book: Book, tmp_path: Path) -> None:
    state.writer.log(book.log)
    found(state, book, *range(200))
    await state.writer.durable()
    await copied(state.directory, tmp_path / "copy.db")
    whole = bytearray((tmp_path / "copy.db").read_bytes())
    for page in range(10, len(whole) // 4096, 3):
        whole[page * 4096 : page * 4096 + 512] = bytes(512)
    (tmp_path / "copy.db").write_bytes(whole)
    with pytest.raises(StateError, match=r"is damaged|is no backup"):
        await restored(tmp_path / "fresh", tmp_path / "copy.db")
    assert not (tmp_path / "fresh").exists()
