"""Modules of ours that share a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from certhia.clock import Clock
from certhia.modules.api import Info, Sees
from certhia.modules.batch import Entries
from certhia.modules.failing import Failed, Fault
from certhia.modules.finding import Finding
from certhia.modules.local import Local
from certhia.modules.plugged import Plugged
from certhia.modules.running import Running
from certhia.modules.together import Share, look
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
