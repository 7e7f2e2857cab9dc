"""From a thread to a loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from certhia.library import handover
from certhia.library.handover import Handover


async def test_in_order_from_another_thread() -> None:
    waiting = Handover[int]()

    def work() -> None:
        for start in range(0, 3000, 7):
            waiting.put(range(start, min(start + 7, 3000)))
        waiting.finish()

    thread = threading.Thread(target=work)
    thread.start()
    found = []
    while (one := await waiting.take()) is not None:
        found.append(one)
    thread.join()
    assert found == [*range(3000)]


async def test_full_until_taken() -> None:
    waiting = Handover[int]()
    waiting.put(range(handover.MOST))
    assert waiting.full
    assert await waiting.take() == 0
    assert not waiting.full


async def test_nothing_comes() -> None:
    waiting = Handover[int]()
    waiting.finish()
    assert await waiting.take() is None


async def test_whoever_waits_is_woken() -> None:
    waiting = Handover[int]()
    taking = asyncio.ensure_future(waiting.take())
    await asyncio.sleep(0)
    waiting.put([7])
    assert await taking == 7


def test_a_loop_that_is_gone() -> None:
    """A thread that is still busy hands over to nobody, and is told so by nothing."""

    async def make() -> Handover[int]:
        return Handover[int]()

    waiting = asyncio.run(make())
    waiting.put([1])
    waiting.finish()
    with pytest.raises(RuntimeError):
        waiting._loop.call_soon_threadsafe(print)  # what `put` must not let out
    assert not waiting.full
