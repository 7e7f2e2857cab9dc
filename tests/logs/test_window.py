"""Parallel requests come back in order, whole, whatever the log answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certhia.clock import Clock
from certhia.errors import BadAnswer, Lagging, Throttled
from certhia.logs.budget import Budget
from certhia.logs.client import Fetched
from certhia.logs.window import UNKNOWN_ENTRY, Window


class Instant(Clock):
    """A clock whose sleeps are over at once and move its time."""

    def __init__(self) -> None:
        super().__init__(seed=1)
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


class Scripted:
    """A log client that answers as told: bodies hold their own indices, ten bytes each."""

    def __init__(self, page: int, answer: Callable[[int, int], int | Exception]) -> None:
        self.page = page
        self.answer = answer
        self.asked: list[tuple[int, int]] = []
        self.together = self.most = 0

    def plan(self, start: int, end: int) -> int:
        return min(end, start + self.page)

    async def fetch(self, start: int, end: int, size: int) -> Fetched:
        assert end <= size
        self.asked.append((start, end))
        self.together += 1
        self.most = max(self.most, self.together)
        for _ in range(random.Random(start).randrange(4)):
            await asyncio.sleep(0)
        self.together -= 1
        count = self.answer(start, end)
        if isinstance(count, Exception):
            raise count
        return Fetched(start, count, b"".join(b"%010d" % index for index in range(start, start + count)))


async def read(client: Scripted, start: int, end: int, *, limit: int = 1 << 20, parallel: int = 4) -> list[int]:
    budget = Budget(limit)
    indices: list[int] = []
    window = Window(client, start, end, end, budget=budget, clock=Instant(), parallel=parallel)  # type: ignore[arg-type]
    async with window:
        while (group := await window.next()) is not None:
            assert budget.used <= limit + 2 * client.page * UNKNOWN_ENTRY  # one body of each pool may go alone
            for answer in group.answers:
                indices += [int(answer.body[i : i + 10]) for i in range(0, len(answer.body), 10)]
            group.give()
    assert budget.used == 0
    return indices


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 50),
    st.integers(1, 3000),
    st.integers(1, 400),
    st.integers(1, 8),
    st.integers(1000, 100_000),
    st.integers(),
)
def test_every_index_once_and_in_order(start: int, count: int, page: int, parallel: int, limit: int, seed: int) -> None:
    chance = random.Random(seed)

    def short(a: int, b: int) -> int:
        return chance.randint(1, b - a)

    indices = asyncio.run(read(Scripted(page, short), start, start + count, limit=limit, parallel=parallel))
    assert indices == list(range(start, start + count))


async def test_as_many_requests_at_once_as_allowed_and_no_more_than_needed() -> None:
    client = Scripted(100, lambda a, b: b - a)
    assert len(await read(client, 0, 5000, parallel=4)) == 5000
    assert client.most == 4
    assert len(client.asked) == 50
    one = Scripted(100, lambda a, b: b - a)
    await read(one, 0, 90, parallel=4)
    assert one.asked == [(0, 90)]


async def test_groups_hold_256_entries_or_the_rest() -> None:
    client = Scripted(32, lambda a, b: b - a)
    budget = Budget(1 << 20)
    sizes = []
    async with Window(client, 0, 1000, 1000, budget=budget, clock=Instant(), parallel=3) as window:  # type: ignore[arg-type]
        while (group := await window.next()) is not None:
            sizes.append(sum(answer.count for answer in group.answers))
            group.give()
    assert sizes == [256, 256, 256, 232]


async def test_throttling_and_lag_are_waited_for() -> None:
    answers: list[Exception] = [Throttled("slow down"), Lagging("not there yet"), Lagging("not there yet")]
    client = Scripted(100, lambda a, b: answers.pop() if answers else b - a)
    assert await read(client, 0, 100) == list(range(100))


async def test_long_lag_ends_the_round() -> None:
    with pytest.raises(Lagging):
        await read(Scripted(100, lambda a, b: Lagging("not there yet")), 0, 100)


async def test_what_came_before_an_error_is_given_first() -> None:
    client = Scripted(300, lambda a, b: BadAnswer("nonsense") if a >= 600 else b - a)
    budget = Budget(1 << 20)
    got = 0
    window = Window(client, 0, 900, 900, budget=budget, clock=Instant(), parallel=2)  # type: ignore[arg-type]
    with pytest.raises(BadAnswer):
        async with window:
            while (group := await window.next()) is not None:
                got += sum(answer.count for answer in group.answers)
                group.give()
    assert got == 600
    assert budget.used == 0


async def test_many_windows_share_a_small_budget_without_standing_still() -> None:
    budget = Budget(4000)

    async def one() -> int:
        client = Scripted(50, lambda a, b: max((b - a) // 2, 1))
        got = 0
        async with Window(client, 0, 2000, 2000, budget=budget, clock=Instant(), parallel=4) as window:  # type: ignore[arg-type]
            while (group := await window.next()) is not None:
                got += sum(answer.count for answer in group.answers)
                await asyncio.sleep(0)
                group.give()
        return got

    assert await asyncio.wait_for(asyncio.gather(*(one() for _ in range(20))), 30) == [2000] * 20
    assert budget.used == 0


async def test_a_newer_head_extends_the_range() -> None:
    client = Scripted(100, lambda a, b: b - a)
    budget = Budget(1 << 20)
    got = 0
    async with Window(client, 0, 300, 300, budget=budget, clock=Instant(), parallel=2) as window:  # type: ignore[arg-type]
        while (group := await window.next()) is not None:
            got += sum(answer.count for answer in group.answers)
            group.give()
            window.extend(700, 700)
    assert got == 700
