"""From where a client left off to what comes live: nothing is missing, and nothing comes twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.stream.histories import ISSUERS, START, A, B, Kept, a_page
from tests.stream.test_client import Pipe, messages

from certhia.errors import ConfigError
from certhia.model import Arrival
from certhia.rules.nothing import NOTHING
from certhia.stream import following
from certhia.stream.client import Client, Limits
from certhia.stream.forms import Asked, Wanted
from certhia.stream.history import History
from certhia.stream.hub import Hub
from certhia.stream.websocket import WebSocketFraming
from certhia.testing import SimClock, run_simulated


class Rig:
    """A hub that records what it sends."""

    def __init__(self, hub: Hub, history: History, clock: SimClock) -> None:
        self.hub, self.history, self.clock = hub, history, clock
        self.ends = {A.id: 0, B.id: 0}

    async def feed(self, count: int = 10) -> None:
        for log in (A, B):
            first = self.ends[log.id]
            self.ends[log.id] += count
            page = a_page(log, first, first + count, at=START + 1000)  # younger than any loss
            await self.hub.accept(Arrival(log, page, NOTHING.matcher.scan(page), NOTHING))

    async def settle(self) -> None:
        await self.clock.sleep(1.0)

    def client(self, takes: int = 1 << 30, buffer: int = 1 << 30) -> Pipe:
        return Pipe(Client(WebSocketFraming(), Limits(buffer), self.clock), takes)

    def asked(self, since: str = "", **wanted: object) -> Asked:
        return Asked(Wanted(**wanted), since)  # type: ignore[arg-type]

    async def follow(self, pipe: Pipe, asked: Asked) -> None:
        start = following.place(asked, self.history, self.clock.now())
        await following.follow(pipe.client, asked, start, self.hub, self.history)


@asynccontextmanager
async def at_work(directory: Path, clock: SimClock) -> AsyncIterator[Rig]:
    kept = Kept(directory, clock=clock)
    async with kept.open() as history, asyncio.TaskGroup() as group:
        hub = Hub(clock)
        hub.attach(ISSUERS, None, None)  # type: ignore[arg-type]
        hub.record = history.record
        tasks = [group.create_task(hub.run()), group.create_task(hub.compile())]
        yield Rig(hub, history, clock)
        for task in tasks:
            task.cancel()


def cursors(pipe: Pipe) -> list[str]:
    return [json.loads(text)["cursor"] for text in messages(pipe.written)]


def of(cursor_list: list[str], log_id: bytes) -> list[int]:
    prefix = f"{log_id[:8].hex()}:"
    return [int(one.removeprefix(prefix)) for one in cursor_list if one.startswith(prefix)]


def test_where_a_request_begins(tmp_path: Path) -> None:
    async def main(clock: SimClock) -> None:
        async with at_work(tmp_path, clock) as rig:
            await rig.feed()
            await rig.settle()
            assert following.place(rig.asked(), rig.history, 0.0) is None
            assert following.place(rig.asked("-1m"), None, clock.now()) is None
            place = following.place(rig.asked(f"{A.id[:8].hex()}:3"), rig.history, clock.now())
            assert place is not None
            with pytest.raises(ConfigError):
                following.place(rig.asked("yesterday"), rig.history, clock.now())

    clock = SimClock(START)
    run_simulated(main(clock), clock=clock)


def test_what_was_sent_then_what_comes_live(tmp_path: Path) -> None:
    async def main(clock: SimClock) -> None:
        async with at_work(tmp_path, clock) as rig:
            first, second = rig.client(), rig.client()
            await rig.follow(first, rig.asked())
            await rig.settle()
            for _ in range(5):
                await rig.feed()
            await rig.settle()
            there = cursors(first)
            feeding = asyncio.get_running_loop().create_task(_feed_on(rig))
            await rig.follow(second, rig.asked(there[37]))
            await feeding
            await rig.settle()
            everything = cursors(first)
            assert of(everything, A.id) == of(everything, B.id) == list(range(250))
            assert cursors(second) == everything[38:]

    clock = SimClock(START)
    run_simulated(main(clock), clock=clock)


async def _feed_on(rig: Rig) -> None:
    for _ in range(20):
        await rig.feed()
        await rig.clock.sleep(0.01)


def test_a_slow_client_loses_nothing_of_what_is_repeated(tmp_path: Path) -> None:
    async def main(clock: SimClock) -> None:
        async with at_work(tmp_path, clock) as rig:
            for _ in range(100):
                await rig.feed()
                await rig.settle()
            pipe = rig.client(takes=1, buffer=1000)
            task = asyncio.get_running_loop().create_task(rig.follow(pipe, rig.asked("-1d")))
            while not task.done():
                await rig.clock.sleep(0.1)
                pipe.take(200_000)
            got = cursors(pipe)
            assert pipe.client.missed == 0
            assert of(got, A.id) == of(got, B.id) == list(range(1000))

    clock = SimClock(START)
    run_simulated(main(clock), clock=clock)


def test_who_takes_leave_is_repeated_nothing(tmp_path: Path) -> None:
    async def main(clock: SimClock) -> None:
        async with at_work(tmp_path, clock) as rig:
            for _ in range(20):
                await rig.feed()
                await rig.settle()
            pipe = rig.client(takes=1, buffer=1000)
            task = asyncio.get_running_loop().create_task(rig.follow(pipe, rig.asked("-1d")))
            await rig.settle()
            assert not task.done()
            pipe.client.close(1000, "")
            await rig.settle()
            await task
            assert len(rig.hub.members) == 0
            assert 0 < pipe.client.sent < 400

    clock = SimClock(START)
    run_simulated(main(clock), clock=clock)


def test_a_new_subscription_goes_on_where_the_client_is() -> None:
    before = Asked(Wanted(), "-1h")
    client = Client(WebSocketFraming(), Limits(), SimClock())
    assert following.after(Asked(Wanted("full")), client, before).since == "-1h"
    client.last = (A.id, 7)
    assert following.after(Asked(Wanted("full")), client, before).since == f"{A.id[:8].hex()}:7"
    assert following.after(Asked(Wanted("full"), "-1m"), client, before).since == "-1m"
    assert following.after(Asked(Wanted("full")), client, Asked(Wanted())).since == ""
