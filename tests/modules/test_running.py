"""One module at work in this process."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from certhia.modules import Entries, Finding, Info, Nothing, Outside, Sees
from certhia.modules.plugged import Plugged
from certhia.modules.running import Running, here
from certhia.rules.nothing import NOTHING
from certhia.testing import SimClock, entries_of


class Counting:
    info: ClassVar[Info] = Info("counting", "1", "Counts", Sees.ENTRIES, cached=True)

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.said: list[str] = []

    def setup(self, outside: Outside) -> None:
        self.said.append(outside.directory.name)

    async def reconfigure(self, config: Nothing) -> None:
        self.said.append(type(config).__name__)

    def process(self, batch: Entries) -> Iterator[Finding]:
        for position, _ in batch:
            self.seen.append(position)
            yield Finding("seen", threading.current_thread().name, position=position)

    async def flush(self) -> AsyncIterator[Finding]:
        yield Finding("held", "back")

    def close(self) -> None:
        self.said.append("closed")


def outside(tmp_path: Path, clock: SimClock) -> Outside:
    return Outside(clock, lambda *_a, **_k: None, tmp_path / "own", lambda: NOTHING, lambda *_a, **_k: None)


async def test_its_life(tmp_path: Path, certhia_clock: SimClock) -> None:
    module = Counting()
    running = Running(Plugged(module), clock=certhia_clock, ttl=60)
    await running.setup(Nothing(), outside(tmp_path, certhia_clock))
    batch = entries_of("a.example", "b.example")
    assert [one.position for one in await running.process(batch)] == [0, 1]
    assert [one.position for one in await running.process(batch)] == [0, 1]
    assert module.seen == [0, 1]  # the second time was answered from what is known
    await running.reconfigure(Nothing())
    await running.process(batch)
    assert module.seen == [0, 1, 0, 1]
    assert await running.flush() == [Finding("held", "back")]
    await running.close()
    assert module.said == ["own", "Nothing", "closed"]


async def test_where_its_functions_run_is_given(certhia_clock: SimClock) -> None:
    ran: list[int] = []

    async def run(function: Callable[[], Any]) -> Any:
        ran.append(1)
        return await here(function)

    running = Running(Plugged(Counting()), clock=certhia_clock, run=run)
    assert running.cache is None
    await running.process(entries_of("a.example"))
    await running.flush()
    assert ran == [1]  # a coroutine runs on the loop


async def test_what_is_no_result(certhia_clock: SimClock) -> None:
    class Wrong:
        info = Info("wrong", "1", "", Sees.ENTRIES)

        def process(self) -> list[str]:
            return ["text"]

    with pytest.raises(TypeError, match="process gave str, which is no Finding, Name, Note or Drop"):
        await Running(Plugged(Wrong()), clock=certhia_clock).process(entries_of("a.example"))
