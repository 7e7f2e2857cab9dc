"""Matches are taken one by one; what was taken counts as told when the next one is asked for."""

from __future__ import annotations

import asyncio

import pytest
from tests.sinks.conftest import delivery

from certhia.library import feed as module
from certhia.library.feed import Feed
from certhia.model import Delivery, Match, SinkClosed
from certhia.testing import in_simulated_time


def deliveries(first: int, end: int) -> list[Delivery]:
    return [delivery(number, names=(f"{number}.example",)) for number in range(first, end)]


def name(match: Match | None) -> str:
    return match.names[0] if match is not None else ""


@in_simulated_time
async def test_taken_is_told_when_the_next_is_asked_for() -> None:
    feed = Feed()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(feed.send(deliveries(1, 3)))
        assert name(await feed.take()) == "1.example"
        assert feed.last == 0
        assert name(await feed.take()) == "2.example"
        assert feed.last == 1
        assert not sending.done()
        feed.finish()
        assert await feed.take() is None
    assert feed.last == 2


@in_simulated_time
async def test_what_the_program_looked_at_when_it_left_was_not_told() -> None:
    feed = Feed()

    async def send() -> int:
        with pytest.raises(SinkClosed) as caught:
            await feed.send(deliveries(1, 6))
        return caught.value.told

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(send())
        for _ in range(3):
            await feed.take()
        feed.leave()
    assert sending.result() == 2
    with pytest.raises(SinkClosed):
        await feed.send(deliveries(6, 7))
    feed.stream(deliveries(7, 8)[0].match)
    assert await feed.take() is None


@in_simulated_time
async def test_the_last_one_told_makes_it_whole() -> None:
    feed = Feed()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(feed.send(deliveries(1, 2)))
        await feed.take()
        next_one = group.create_task(feed.take())
        await sending
        feed.leave()
        assert await next_one is None


@in_simulated_time
async def test_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    feed = Feed()
    (one, two, three) = (delivery.match for delivery in deliveries(1, 4))
    for match in (one, two, three):
        await feed.room() if match is not three else None
        feed.stream(match)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(feed.room())
        await feed.take()
        await asyncio.sleep(0)
        assert not waiting.done()
        await feed.take()
        await waiting
        feed.waiting = lambda: 2
        waiting = group.create_task(feed.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        await feed.close()
