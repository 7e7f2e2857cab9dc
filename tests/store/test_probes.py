"""What is to be asked is kept, once each, bounded; and what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.conftest import AT, Book, both

from certhia.clock import Clock
from certhia.store import State, probes
from certhia.store.fsck import check
from certhia.store.probes import Finding, Wish

SERVED = Finding("served", AT + 5, "", "192.0.2.1", bytes(32))


async def stored(state: State, book: Book, many: int = 1) -> None:
    state.writer.log(book.log)
    for index in range(many):
        state.writer.match(book.match(index), ["a"])
    await state.writer.durable()


def wish(book: Book, index: int = 0, stage: int = 0, name: str = "www.example.com") -> Wish:
    return Wish(book.match(index).key, name, 443, stage, AT + stage)


@both
async def test_each_is_asked_once_when_its_time_has_come(state: State, book: Book) -> None:
    await stored(state, book)
    assert await probes.next_due(state) is None
    wishes = [wish(book, stage=300), wish(book), wish(book, name="b\udcff.example")]
    assert await probes.add(state.writer, wishes) == 0
    assert await probes.add(state.writer, [*wishes, wish(book, index=7)]) == 0  # again, and one of no match
    assert await probes.waiting(state) == 3
    assert await probes.next_due(state) == AT
    first = await probes.due(state, AT + 1, 10)
    assert {(probe.name, probe.port, probe.stage, probe.wanted, probe.match.key) for probe in first} == {
        ("www.example.com", 443, 0, AT, book.match(0).key),
        ("b\\udcff.example", 443, 0, AT, book.match(0).key),
    }
    await probes.settle(state.writer, [(first[0], SERVED)], [(first[1], AT + 60)])
    assert await probes.due(state, AT + 1, 10) == []
    assert [(probe.name, probe.wanted) for probe in await probes.due(state, AT + 60, 10)] == [(first[1].name, AT)]
    assert await probes.findings(state, first[0].match_id) == [(first[0], SERVED)]
    await probes.add(state.writer, wishes)  # told again, as after a crash
    assert await probes.waiting(state) == 2
    assert await check(state) == []


async def test_they_outlive_the_process(tmp_path: Path, book: Book) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        await stored(state, book)
        await probes.add(state.writer, [wish(book), wish(book, stage=3600)])
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        (first,) = await probes.due(state, AT, 10)
        await probes.settle(state.writer, [(first, SERVED)])
    async with await State.open(tmp_path, clock=Clock(), follow=False) as state:
        assert [probe.stage for probe in await probes.due(state, AT + 9999, 10)] == [3600]
        assert len(await probes.findings(state, 1)) == 1


@both
async def test_the_last_stages_go_first(state: State, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "MAX_WAITING", 5)
    await stored(state, book, 4)
    gone = [await probes.add(state.writer, [wish(book, index, stage) for stage in (0, 300)]) for index in range(4)]
    assert gone == [0, 0, 1, 2]
    left = [(probe.match_id, probe.stage) for probe in await probes.due(state, AT + 300, 10)]
    assert sorted(left) == [(1, 0), (2, 0), (3, 0), (4, 0), (4, 300)]


@both
async def test_old_findings_go(state: State, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "MAX_DONE", 2)
    await stored(state, book)
    await probes.add(state.writer, [wish(book, stage=stage) for stage in range(4)])
    for probe in await probes.due(state, AT + 10, 10):
        await probes.settle(state.writer, [(probe, SERVED._replace(at=AT + probe.stage))])
    assert [probe.stage for probe, _ in await probes.findings(state, 1)] == [2, 3]


@both
async def test_they_go_with_their_match(state: State, book: Book) -> None:
    await stored(state, book, 2)
    await probes.add(state.writer, [wish(book), wish(book, 1)])
    state.writer.delivered("a", [1])
    await state.writer.durable()
    assert await state.writer.prune(1) == 1
    assert [probe.match_id for probe in await probes.due(state, AT + 1, 10)] == [2]
    assert await check(state) == []
