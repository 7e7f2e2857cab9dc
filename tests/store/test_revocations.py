"""Certificates that are asked about again: kept, once each, bounded; and what was answered."""

from __future__ import annotations

from pathlib import Path

from tests.store.conftest import AT, Book, both

from certhia.clock import Clock
from certhia.store import State, revocations
from certhia.store.fsck import check
from certhia.store.revocations import Answer, Taken, Watch

REVOKED = Answer("revoked", "ocsp", "keyCompromise", AT - 5, AT + 5, 0.0)


async def stored(state: State, book: Book, many: int = 1) -> None:
    state.writer.log(book.log)
    for index in range(many):
        state.writer.match(book.match(index), ["a"])
    await state.writer.durable()


def watch(book: Book, index: int = 0, host: str = "ocsp.example", due: float = AT) -> Watch:
    return Watch(book.match(index).key, host, due)


@both
async def test_each_is_watched_once_and_asked_when_its_time_has_come(state: State, book: Book) -> None:
    await stored(state, book, 3)
    assert await revocations.next_due(state) is None
    wanted = [watch(book, 0, due=AT + 10), watch(book, 1), watch(book, 2, "crl.\udcff.example", AT - 10)]
    assert await revocations.add(state.writer, wanted, 10) == (3, 0)
    assert await revocations.add(state.writer, [watch(book, 0, due=AT - 99), watch(book, 7)], 10) == Taken()  # again
    assert await revocations.next_due(state) == AT - 10
    assert await revocations.hosts(state, AT, 10) == ["crl.\\udcff.example", "ocsp.example"]
    assert await revocations.hosts(state, AT, 1) == ["crl.\\udcff.example"]
    (one,) = await revocations.due(state, "ocsp.example", AT, 10)
    assert (one.match.key, one.answer) == (book.match(1).key, Answer())
    assert len(await revocations.due(state, "ocsp.example", AT + 10, 10)) == 2
    assert len(await revocations.due(state, "ocsp.example", AT + 10, 1)) == 1
    await revocations.settle(state.writer, [(one, REVOKED, AT + 86400)])
    assert await revocations.due(state, "ocsp.example", AT, 10) == []
    (again,) = [
        each for each in await revocations.due(state, "ocsp.example", AT + 86400, 9) if each.match_id == one.match_id
    ]
    assert again.answer == REVOKED == await revocations.known(state, one.match_id)
    await revocations.settle(state.writer, [(again, REVOKED, None)])
    assert len(await revocations.due(state, "ocsp.example", AT + 10**9, 9)) == 1
    assert await check(state) == []


@both
async def test_how_many_are_watched_is_bounded(state: State, book: Book) -> None:
    await stored(state, book, 5)
    assert await revocations.add(state.writer, [watch(book, index) for index in range(5)], 3) == (3, 2)
    (first, *_) = await revocations.due(state, "ocsp.example", AT, 9)
    await revocations.settle(state.writer, [(first, REVOKED, None)])  # has run out: there is room for another
    assert await revocations.add(state.writer, [watch(book, index) for index in range(5)], 3) == (1, 1)


async def test_they_outlive_the_process_and_go_with_their_match(tmp_path: Path, book: Book) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        await stored(state, book, 2)
        await revocations.add(state.writer, [watch(book, 0), watch(book, 1, due=AT + 50)], 9)
        (one,) = await revocations.due(state, "ocsp.example", AT, 9)
        await revocations.settle(state.writer, [(one, REVOKED, AT + 60)])
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        both_due = await revocations.due(state, "ocsp.example", AT + 99, 9)
        assert [each.answer.state for each in both_due] == ["", "revoked"]
        for delivery in await state.pending("a"):
            state.writer.delivered("a", [delivery.id])
        await state.writer.durable()
        assert await state.writer.prune(1) == 1
        assert await revocations.known(state, one.match_id) is None
        assert len(await revocations.due(state, "ocsp.example", AT + 99, 9)) == 1
