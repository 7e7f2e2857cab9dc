"""Whose turn it is to be read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from certhia.stream.turns import IN_A_ROW, Gone, Turns


class Queue:
    """Clients whose turns are noted; the first one's work takes until `let_go`."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.order: list[str] = []
        self._busy = threading.Event()

    def wait(self, name: str, address: str = "a", *, new: bool = False) -> asyncio.Task[str]:
        return asyncio.create_task(self.turns.take(lambda: self.work(name), address, new=new))

    def work(self, name: str) -> Callable[[], str]:
        self.order.append(name)
        return lambda: name if self._busy.wait(30) else "never"

    def let_go(self) -> None:
        self._busy.set()


async def test_newcomers_come_before_those_who_ask_anew() -> None:
    queue = Queue()
    tasks = [queue.wait("first")]
    await asyncio.sleep(0)
    tasks += [queue.wait(f"again{number}") for number in range(3)]
    tasks += [queue.wait(f"new{number}", new=True) for number in range(2)]
    await asyncio.sleep(0)
    queue.let_go()
    assert sorted(await asyncio.gather(*tasks)) == sorted(queue.order)
    assert queue.order == ["first", "new0", "new1", "again0", "again1", "again2"]


async def test_newcomers_without_end_keep_nobody_out() -> None:
    queue = Queue()
    tasks = [queue.wait("first")]
    await asyncio.sleep(0)
    tasks += [queue.wait("again"), *(queue.wait("new", new=True) for _ in range(20))]
    await asyncio.sleep(0)
    queue.let_go()
    await asyncio.gather(*tasks)
    assert queue.order.index("again") == 1 + IN_A_ROW


async def test_one_address_after_the_other() -> None:
    """Whoever comes from elsewhere waits for one of an address where many wait."""
    queue = Queue()
    tasks = [queue.wait("first")]
    await asyncio.sleep(0)
    tasks += [queue.wait(f"a{number}", "a", new=True) for number in range(4)]
    tasks += [queue.wait(f"b{number}", "b", new=True) for number in range(2)]
    await asyncio.sleep(0)
    queue.let_go()
    await asyncio.gather(*tasks)
    assert queue.order == ["first", "a0", "b0", "a1", "b1", "a2", "a3"]


async def test_who_has_gone_takes_no_turn() -> None:
    queue = Queue()
    first = queue.wait("first")
    await asyncio.sleep(0)
    cancelled, last = queue.wait("cancelled"), queue.wait("last")
    left: asyncio.Task[None] = asyncio.create_task(queue.turns.take(lambda: None, "a", new=True))
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    early: asyncio.Task[str] = asyncio.create_task(
        queue.turns.take(lambda: queue.work("early"), "a", new=True, over=over)
    )
    await asyncio.sleep(0)
    cancelled.cancel()
    over.set_result(None)
    with pytest.raises(Gone):
        await early  # at once
    assert not first.done()
    queue.let_go()
    assert [await first, await last] == ["first", "last"]
    assert queue.order == ["first", "last"]
    with pytest.raises(Gone):
        await left
    first = queue.wait("one more")
    await asyncio.sleep(0)
    first.cancel()  # in the midst of its turn
    await asyncio.wait([first])
    assert await queue.wait("after that") == "after that"


async def test_what_breaks_ends_its_own_turn() -> None:
    def broken() -> None:
        raise ValueError("a defect")

    turns = Turns()
    for _ in range(2):
        with pytest.raises(ValueError, match="a defect"):
            await turns.take(lambda: broken, "a", new=True)
