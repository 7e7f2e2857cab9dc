"""Messages that wait."""

from __future__ import annotations

import asyncio

import pytest

from certhia.certstream import backlog
from certhia.certstream.backlog import AT_ONCE, Backlog


async def test_whoever_brings_waits_where_too_much_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MOST", 10)
    one = Backlog()
    await one.put("1234")
    bringing = asyncio.get_running_loop().create_task(one.put("567890"))
    await asyncio.sleep(0)
    assert not bringing.done()
    assert await one.take() == ["1234", "567890"]
    await bringing


async def test_batches_are_bounded_and_the_end_comes_after_all() -> None:
    one = Backlog()
    for number in range(AT_ONCE + 1):
        await one.put(str(number))
    one.end()
    assert [len(await one.take()) for _ in range(3)] == [AT_ONCE, 1, 0]


async def test_whoever_takes_waits_for_the_first() -> None:
    one = Backlog()
    taking = asyncio.get_running_loop().create_task(one.take())
    await asyncio.sleep(0)
    await one.put("a")
    assert await taking == ["a"]
