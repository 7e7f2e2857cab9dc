"""The byte budget: never above its limit, never stuck."""

from __future__ import annotations

import asyncio

import pytest

from certhia.logs.budget import Budget, Signal


async def test_a_signal_wakes_all_who_wait_now() -> None:
    signal = Signal()
    waits = [asyncio.create_task(signal.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    signal.fire()
    await asyncio.gather(*waits)


async def test_bodies_ahead_take_half_at_most() -> None:
    budget = Budget(100)
    first = budget.try_ahead(40)
    assert first is not None
    assert budget.try_ahead(20) is None
    first.give()
    assert budget.try_ahead(50) is not None


async def test_a_body_larger_than_the_pool_goes_alone() -> None:
    budget = Budget(100)
    lease = await budget.line(1000)
    waiting = asyncio.create_task(budget.line(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert budget.pressed
    lease.give()
    (await waiting).give()
    assert budget.used == 0


async def test_the_line_is_first_come_first_served() -> None:
    budget = Budget(100)
    held = await budget.line(50)
    order: list[int] = []

    async def take(number: int, size: int) -> None:
        lease = await budget.line(size)
        order.append(number)
        lease.give()

    tasks = [asyncio.create_task(take(1, 50)), asyncio.create_task(take(2, 1))]
    await asyncio.sleep(0)
    held.give()
    await asyncio.gather(*tasks)
    assert order == [1, 2]


async def test_resize_counts_what_really_came_and_wakes_listeners() -> None:
    budget = Budget(100)
    signal = Signal()
    budget.listeners.add(signal)
    lease = await budget.line(30)
    lease.resize(40)
    assert budget.used == 40
    wait = asyncio.create_task(signal.wait())
    await asyncio.sleep(0)
    lease.give()
    lease.give()
    await wait
    assert budget.used == 0


@pytest.mark.parametrize("admitted", [False, True])
async def test_whoever_gives_up_waiting_takes_nothing_along(admitted: bool) -> None:
    budget = Budget(100)
    held = await budget.line(50)
    waiting = asyncio.create_task(budget.line(50))
    behind = asyncio.create_task(budget.line(10))
    await asyncio.sleep(0)
    if admitted:
        held.give()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    held.give()
    (await behind).give()
    assert budget.used == 0


async def test_more_or_less_may_be_allowed_under_way() -> None:
    budget = Budget(100)
    first = await budget.line(50)
    waiting = asyncio.ensure_future(budget.line(50))
    await asyncio.sleep(0)
    assert budget.pressed
    budget.resize(200)
    await waiting
    assert budget.used == 100
    budget.resize(20)
    assert budget.try_ahead(11) is not None, "a body alone always fits"
    assert budget.try_ahead(11) is None
    first.give()
    waiting.result().give()
