"""Certificates as submitted: stored with their matches, the last ones at hand, gone when nobody needs them."""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.conftest import AT, Book, both

from certhia.clock import Clock
from certhia.store import State, revocations, submissions
from certhia.store.fsck import check
from certhia.store.revocations import Watch
from certhia.store.submissions import KEPT, Part, Recent, chains, let_go, packed, unpacked
from certhia.store.submitted import BEGIN, END, place

DERS = (b"leaf" * 400, b"issuer")


@given(st.lists(st.binary(max_size=40)))
def test_packed_and_unpacked(ders: list[bytes]) -> None:
    assert unpacked(packed(ders)) == ders


@given(st.binary(max_size=40), st.integers(0, 40))
def test_what_is_damaged(der: bytes, at: int) -> None:
    whole = packed([b"first", der])
    assert unpacked(whole[: max(9, len(whole) - at)])[0] == b"first"
    assert unpacked(b"\0\0") == unpacked(b"\0\0\0\7less") == []


async def test_those_of_an_older_state_are_in_files(tmp_path: Path, book: Book) -> None:
    keys = [book.match(number).key for number in range(3)]
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.match(book.match(0), [], DERS)
        await state.writer.durable()
        assert await chains(state, keys) == {keys[0]: DERS}
        path = place(tmp_path, keys[1])
        path.parent.mkdir(parents=True)
        lines = [f"{BEGIN}\n{base64.b64encode(der).decode()}\n{END}\n" for der in DERS]
        path.write_text("leaf hash: x\n" + "".join(lines))
        assert await chains(state, keys) == {keys[0]: DERS, keys[1]: [*DERS]}


def test_the_oldest_give_way() -> None:
    recent = Recent(10)
    for number in range(4):
        recent.put(b"%d" % number, [b"four"])
    recent.put(b"3", [b"three", b""])
    assert [recent.get(b"%d" % number) for number in range(4)] == [None, None, [b"four"], [b"three", b""]]
    recent.put(b"9", [b"more than there is room for"])
    assert (recent.get(b"9"), recent.get(b"3")) == (None, None)
    recent.put(b"1", [b"ten  bytes"])
    assert recent.get(b"1") is not None


@both
async def test_they_are_stored_with_their_match(state: State, book: Book) -> None:
    state.writer.log(book.log)
    state.writer.match(book.match(0), [], DERS)
    state.writer.match(book.match(1), [])
    state.writer.match(book.match(0), [], (b"the same in another log",))
    keys = [book.match(number).key for number in range(3)]
    assert await chains(state, keys) == {keys[0]: DERS}  # at hand before it is committed
    await state.writer.durable()
    state.writer.recent = Recent()
    assert await chains(state, keys) == {keys[0]: [*DERS]}
    state.writer.match(book.match(0), [], (b"a match that is stored already",))
    await state.writer.durable()
    state.writer.recent = Recent()
    assert await chains(state, keys) == {keys[0]: [*DERS]}
    assert await check(state) == []


async def test_they_outlive_the_process_and_go_with_their_match(tmp_path: Path, book: Book) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        for number in range(2):
            state.writer.match(book.match(number), [], DERS)
    keys = [book.match(number).key for number in range(2)]
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        assert await state.writer.prune(1) == 1
        assert await chains(state, keys) == {keys[1]: [*DERS]}


@both
async def test_old_ones_go_that_nobody_needs(state: State, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    state.writer.log(book.log)
    for number in range(4):  # of the last one the match is younger
        state.writer.match(book.match(number), ["module"] if number == 1 else [], DERS)
    await state.writer.durable()
    await revocations.add(state.writer, [Watch(book.match(2).key, "ocsp.example", AT)], 9)
    state.writer.recent = Recent()
    monkeypatch.setattr(submissions, "AT_ONCE", 1)
    assert await state.writer.transaction(partial(let_go, before=AT)) == Part(), "the oldest is not older"
    monkeypatch.setattr(submissions, "LOOKED_AT", 1)
    assert await state.writer._let_go(AT + 3) == 1, "up to one that is needed"
    looks = [await state.writer.transaction(partial(let_go, before=AT + 3, after=after)) for after in (0, 2, 3)]
    assert looks == [Part(0, 1, 2), Part(0, 1, 3), Part()]
    assert [await state.writer._let_go(AT + 3) for _ in range(3)] == [0, 0, 0]
    keys = [book.match(number).key for number in range(4)]
    assert [*await chains(state, keys)] == keys[1:]
    assert KEPT > 0


async def test_what_is_needed_keeps_nobody_from_those_behind(
    tmp_path: Path, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "AT_ONCE", 2)
    monkeypatch.setattr(submissions, "LOOKED_AT", 3)
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        for number in range(12):
            state.writer.match(book.match(number), ["module"] if number < 8 else [], DERS)
        await state.writer.durable()
        asked: list[int] = []
        whole = state.writer.transaction

        async def counted(work: Any) -> Any:
            asked.append(1)
            return await whole(work)

        monkeypatch.setattr(state.writer, "transaction", counted)
        gone = [await state.writer._let_go(AT + 99) for _ in range(4)]
        assert (gone, len(asked)) == ([0, 0, 4, 0], 2 + 2 + 3 + 2), "each goes on where the one before ended"


async def test_large_ones_count_as_many(tmp_path: Path, book: Book) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        before = state.writer.staged
        state.writer.match(book.match(0), [], (bytes(1 << 20),))
        assert state.writer.staged - before > 64
        await state.writer.durable()
        assert state.writer.staged == 0
