"""One client's way through the history: at its own pace, with its own filter, up to what comes live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.stream.histories import (
    A,
    B,
    Got,
    Kept,
    cursor,
    fill,
    messages,
    place,
    proof,
    read,
    record,
    sheet,
    short,
    wanted,
)

from certhia.stream.client import Block
from certhia.stream.history import History
from certhia.stream.places import Missing
from certhia.stream.replay import Replay


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "history")


async def blocks(replay: Replay) -> list[Any]:
    out = []
    while (item := await replay.next()) is not None:
        out.append(item)
    return out


async def test_up_to_what_comes_live(kept: Kept) -> None:
    """Nothing is lost and nothing comes twice between the last block of a replay and the first live one."""
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10))
        replay = Replay(history, place(history, cursor(A, 4)), wanted())
        (block,) = await blocks(replay)
        assert short(messages(block)) == "a5-9"
        assert replay.reached == history.last
        await record(history, sheet(A, 10, 20), sheet(B, 0, 3))  # sent before it could be joined
        assert replay.reached != history.last
        (block,) = await blocks(replay)
        assert short(messages(block)) == "a10-19 b0-2"
        assert replay.reached == history.last
        assert await replay.next() is None


async def test_only_the_logs_that_are_wanted(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 0, 3), sheet(A, 20, 30), sheet(B, 10, 20))
        only_a = wanted(logs=("log alpha",))
        assert short(await read(history, place(history, cursor(A, 4)), only_a)) == "a5-9 -a10-19 a20-29"


async def test_each_certificate_once(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(A, 10, 12))
        await record(history, sheet(B, 0, 20, like=A))
        once = wanted(dedupe=True)
        assert short(await read(history, place(history, cursor(A, 4)), once)) == "a5-11 b0-4 b12-19"


async def test_what_is_deleted_on_the_way_is_said(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history", size=400_000)
    async with kept.open() as history:
        for number in range(40):
            await record(history, sheet(A, number * 32, number * 32 + 32))
        replay = Replay(history, place(history, cursor(A, 3)), wanted())
        first = await replay.next()
        assert isinstance(first, Block)
        for number in range(40, 500):
            await record(history, sheet(A, number * 32, number * 32 + 32))
        got = list[Got](messages(first))
        for item in await blocks(replay):
            got += messages(item) if isinstance(item, Block) else [item]
        assert history.index.first > 1
        missing = [one for one in got if isinstance(one, Missing)]
        assert {one.reason for one in missing} == {"too-old"}
        told = {index for one in missing for index in range(one.start or 0, one.end or 0)}
        has = {one.index for one in got if not isinstance(one, Missing)}
        assert has | told == set(range(4, 500 * 32))
        assert kept.said == []


async def test_many_clients_share_what_was_read(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 100))
        first = await read(history, place(history, cursor(A, 0)))
        for path in kept.files:
            fill(path, b"")  # whatever is on the disk now
        assert await read(history, place(history, cursor(A, 0))) == first


async def test_a_slow_client_holds_a_place_and_no_messages(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 3000))
        replays = [Replay(history, place(history, cursor(A, 0)), wanted()) for _ in range(20)]
        for replay in replays:
            assert isinstance(await replay.next(), Block)
        assert all(len(replay._items) <= 2 for replay in replays)  # places in the index, no pages


async def test_verified_is_the_state_at_sending(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10))
        assert {one.verified for one in await got(history, 0)} == {False}
        await record(history, proof(A, 0, 6))
        assert [one.index for one in await got(history, 0) if one.verified] == [1, 2, 3, 4, 5]


async def got(history: History, after: int) -> list[Any]:
    return list(await read(history, place(history, cursor(A, after))))
