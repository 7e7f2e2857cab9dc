"""Opening: fresh, again, beside, newer, older, broken; and what reading gives."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import both

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store import State
from certhia.store import state as store_state
from certhia.store.familiar import Familiar
from certhia.store.kin import Kin
from certhia.store.schema import SCHEMA

if TYPE_CHECKING:
    from tests.store.conftest import Book

    from certhia.store.line import Rows
    from certhia.store.query import Question


async def opened(path: Path, *, follow: bool = True) -> State:
    return await State.open(path, clock=Clock(), follow=follow)


async def test_a_fresh_state_is_its_owners_alone(tmp_path: Path) -> None:
    async with await opened(tmp_path / "new" / "state") as state:
        assert state.directory.stat().st_mode & 0o777 == 0o700
        assert state.file.stat().st_mode & 0o777 == 0o600
        assert await state.positions() == {}
        assert await state.logs_seen() == []


async def test_committed_means_on_disk(state: State) -> None:
    assert state._writers is not None
    async with state._writers.connect() as connection:
        assert (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar() == "wal"
        assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar() == 2  # FULL
        assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar() == 1


async def test_a_second_follower_is_refused_and_readers_are_not(tmp_path: Path, book: Book) -> None:
    async with await opened(tmp_path) as state:
        with pytest.raises(StateError, match="already follows"):
            await opened(tmp_path)
        async with await opened(tmp_path, follow=False) as reader:
            state.writer.log(book.log)
            state.writer.step(book.anchor(0, 4))
            await state.writer.durable()
            assert set(await reader.positions()) == {book.log.id}
    await (await opened(tmp_path)).close()
    async with await opened(tmp_path / "other"):
        pass


async def test_reading_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"there is no state here: `certhia watch` makes one"):
        await opened(tmp_path / "none", follow=False)
    assert not (tmp_path / "none").exists()


async def test_reading_changes_nothing(tmp_path: Path, book: Book) -> None:
    await (await opened(tmp_path)).close()
    before = (tmp_path / "state.db").read_bytes()
    async with await opened(tmp_path, follow=False) as state, state.engine.connect() as connection:
        with pytest.raises(Exception, match="readonly"):
            await connection.exec_driver_sql("DELETE FROM meta")
    assert (tmp_path / "state.db").read_bytes() == before


@pytest.mark.parametrize("follow", [True, False])
async def test_a_newer_schema_is_refused_with_the_version_that_it_needs(tmp_path: Path, follow: bool) -> None:
    await (await opened(tmp_path)).close()
    with closing(sqlite3.connect(tmp_path / "state.db")) as hand, hand:
        hand.execute("UPDATE alembic_version SET version_num='0042'")
        hand.execute("UPDATE meta SET value='9.8.7' WHERE name='needs'")
    with pytest.raises(StateError, match=r"newer Certhia \(schema 0042.*use Certhia 9\.8\.7 or later, or --state NAME"):
        await opened(tmp_path, follow=follow)
    with closing(sqlite3.connect(tmp_path / "state.db")) as hand, hand:
        hand.execute("UPDATE alembic_version SET version_num=?", (SCHEMA,))
    await (await opened(tmp_path, follow=follow)).close()  # and the lock was let go of


async def test_an_older_schema_is_brought_up_to_date_by_a_follower_only(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as hand, hand:
        hand.execute("CREATE TABLE unrelated (x)")
    with pytest.raises(StateError, match=r"of an older Certhia \(schema none\): `certhia watch` brings it up to date"):
        await opened(tmp_path, follow=False)
    await (await opened(tmp_path)).close()
    await (await opened(tmp_path, follow=False)).close()


@pytest.mark.parametrize("follow", [True, False])
async def test_a_file_of_another_kind_is_refused(tmp_path: Path, follow: bool) -> None:
    (tmp_path / "state.db").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(StateError, match=r"state\.db: file is not a database: this is no state of Certhia's"):
        await opened(tmp_path, follow=follow)


async def test_a_directory_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(StateError, match=r"state\.db: Is a directory"):
        await opened(tmp_path)


def test_alembic_is_loaded_neither_for_a_new_state_nor_for_one_of_our_schema(tmp_path: Path) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from certhia.clock import Clock
from certhia.store import State
async def main():
    await (await State.open(Path(sys.argv[1]), clock=Clock(), follow=True)).close()
asyncio.run(main())
print("alembic" in sys.modules)
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    outputs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert outputs == ["False\n", "False\n"]


async def test_a_reader_finds_what_is_stored_and_the_follower_what_is_staged(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.match(book.match(1), [])
    keys = [book.match(index).key for index in range(1200)]
    assert set(await state.find(keys)) == {keys[1]}
    assert await state.sighted(book.log.id, range(1200)) == {1}
    async with await opened(state.directory, follow=False) as reader:
        assert await reader.find(keys) == {}
        await state.writer.durable()
        assert await reader.find(keys) == await state.find(keys) == {keys[1]: 1}
        assert await reader.sighted(book.log.id, range(1200)) == {1}


async def test_close_may_be_called_twice(tmp_path: Path) -> None:
    state = await opened(tmp_path)
    await state.close()
    await state.close()
    with pytest.raises(StateError):
        _ = state.writer


@both
async def test_what_is_surely_new_is_not_asked_for_and_what_is_not_is_found(
    state: State, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = state.writer
    writer.log(book.log)
    old = book.match(3)
    writer.match(old, ["a"])
    await writer.durable()
    writer.familiar, writer.kin = Familiar(), Kin()  # as after a restart
    asked = list[int]()
    ask = state._ask

    async def counted(*questions: Question) -> list[Rows]:
        asked.append(len(questions))
        return await ask(*questions)

    monkeypatch.setattr(state, "_ask", counted)
    new = replace(book.match(4), spki_sha256=b"n" * 32, names=("new.example",))
    assert await state.look([old, new], book.log.id, []) == ({old.key: 1}, {3})
    assert asked == [4], "until it is known what is stored, everything is asked for"
    await state.learn()
    assert writer.familiar.complete
    asked.clear()
    assert await state.look([new], book.log.id, []) == ({}, set())
    assert await state.look([], book.log.id, [9]) == ({}, set())
    assert asked == [], "neither a certificate nor an entry that is surely new is asked for"
    assert await state.look([old], book.log.id, [3]) == ({old.key: 1}, {3})
    assert asked == [2]
    asked.clear()
    writer.kin = Kin()
    renewed = replace(new, spki_sha256=old.spki_sha256)
    assert await state.look([renewed], book.log.id, []) == ({}, set())
    assert writer.kin.renewal(renewed) == "key"
    assert asked == [1]


@both
async def test_many_matches_are_learned_in_slices(state: State, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_state, "SLICE", 7)
    state.writer.log(book.log)
    made = [book.match(index) for index in range(40)]
    for match in made:
        state.writer.match(match, [])
    await state.writer.durable()
    await state.writer.prune(25)
    state.writer.familiar = Familiar()
    await state.learn()
    stored = {one.match.key for one in await state.matches()}
    assert len(stored) == 25
    assert all(map(state.writer.familiar.may_have, stored))
    assert not any(state.writer.familiar.may_have(match.key) for match in made if match.key not in stored)
