"""Modules of ours that share a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.modules.hosts import hosted

from certhia.clock import Clock
from certhia.modules.api import Info, Sees
from certhia.modules.batch import Entries
from certhia.modules.failing import Failed, Fault
from certhia.modules.finding import Finding
from certhia.modules.local import Local
from certhia.modules.plugged import Plugged
from certhia.modules.running import Running
from certhia.modules.together import ENOUGH, Share, look
from certhia.testing import entries_of


def module(name: str, said: list[str], thread: ThreadPoolExecutor, does: Callable[[], object]) -> Local:
    class One:
        info = Info(name, "1", "One", Sees.ENTRIES)

        def process(self, batch: Entries) -> list[object]:
            del batch
            return [Finding("seen", threading.current_thread().name), *filter(None, [does()])]

    clock = Clock()
    running = Running(Plugged(One()), clock=clock)
    return Local(running, None, clock, lambda text, **_: said.append(text), thread)


async def test_each_gives_what_it_finds_and_what_one_raises_is_its_own() -> None:
    said: list[str] = []

    def ends() -> None:
        raise SystemExit("no")

    batch = entries_of("a.example")
    with ThreadPoolExecutor(1, thread_name_prefix="ours") as thread:
        acts: list[Callable[[], object]] = [lambda: None, ends, lambda: "a text", lambda: time.sleep(0.1), lambda: None]
        ones = [module(f"m{number}", said, thread, act) for number, act in enumerate(acts)]
        first, second, third, fourth, fifth = await look([Share(one, batch, 0.02) for one in ones], Clock())
    for done in (first, fourth, fifth):
        assert not isinstance(done, Failed)
        assert done.results == [Finding("seen", "ours_0")]
        assert done.late == (done is fourth)
    for failed, text in ((second, "SystemExit: no"), (third, "TypeError: process gave str, which is no Finding")):
        assert isinstance(failed, Failed)
        assert failed.fault is Fault.RAISED
        assert str(failed).startswith(text)
    assert said == ["module m3: has not come back for 0.02 s; it is trusted, so it is waited for"]


async def test_one_that_awaits_is_not_called_so() -> None:
    class Waits:
        info = Info("waits", "1", "Waits", Sees.ENTRIES)

        async def process(self, batch: Entries) -> None:
            del batch

    with ThreadPoolExecutor(1) as thread:
        assert (
            Local(Running(Plugged(Waits()), clock=Clock()), None, Clock(), lambda *_a, **_k: None, thread).together
            is None
        )


async def test_pages_gather_until_they_are_worth_a_call(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        await one.host.replace(one.settings(domains={}))
        (seat,) = one.host.seats
        arrival = one.arrival(*(f"n{number}.example" for number in range(ENOUGH // 4)))
        calls = []
        for _ in range(8):
            await one.host.pages.accept(arrival)
            calls.append((seat.figures.entries // len(arrival.page), one.host.pages.waiting))
        assert calls == [(0, 1), (0, 2), (0, 3), (4, 0), (4, 1), (4, 2), (4, 3), (8, 0)]
        await one.host.pages.accept(arrival)
        await one.host.pages.drained()
        assert (seat.figures.calls, one.host.pages.waiting) == (9, 0)


async def test_heavy_ones_go_sooner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.modules.together.HEAVY", 1)
    async with hosted(tmp_path) as one:
        await one.host.replace(one.settings(domains={}))
        (seat,) = one.host.seats
        await one.host.pages.accept(one.arrival("a.example"))
        assert seat.figures.calls == 1


async def test_few_wait_for_a_moment(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        await one.host.replace(one.settings(domains={"report": "all"}))
        (seat,) = one.host.seats
        one.heard.clear()
        await one.host.pages.accept(one.arrival("a.example"))
        assert (seat.figures.calls, one.host.pages.waiting) == (0, 1)
        together = asyncio.get_running_loop().create_task(one.host.pages.together.run())
        async with asyncio.timeout(10):
            await one.heard.wait()
        together.cancel()
        await asyncio.wait([together])
        assert one.host.pages.waiting == 0


async def test_what_waits_is_looked_at_before_a_module_goes(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        await one.host.replace(one.settings(domains={"report": "all"}))
        await one.host.pages.accept(one.arrival("a.example"))
        await one.host.replace(one.settings())
        assert one.found()[0] == ("domains", "a.example was never seen before")


async def test_who_is_cancelled_meanwhile_costs_nobody_what_was_found(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        await one.host.replace(one.settings(domains={"report": "all"}))
        await one.host.pages.accept(one.arrival("a.example"))
        waits = asyncio.get_running_loop().create_task(one.host.pages.drained())
        await asyncio.sleep(0)  # it has begun
        waits.cancel()
        await asyncio.wait([waits])
        await one.host.pages.drained()
        assert ("domains", "a.example was never seen before") in one.found()
