"""Stored events: those of a time, and those that come."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

from certhia.library.happened import LATE, events
from certhia.store import State
from certhia.store.eventrow import EventRow
from certhia.testing import SimClock, in_simulated_time


@in_simulated_time
async def test_those_that_come_each_once_also_late(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:

        async def put(number: int, age: float = 0.0, kind: str = "a.b") -> None:
            at = certhia_clock.now() - age
            state.writer.event(EventRow(f"{at:020.3f}-{number}", kind, at, "test", "", 1, {"n": number}), 100)
            await state.writer.durable()

        for number in range(3):
            await put(number)
        found = events(state, ("a.*",), since=0.0, most=2, clock=certhia_clock, follow=True)
        async with aclosing(found):
            assert [(await anext(found)).data["n"] for _ in range(2)] == [1, 2]
            await certhia_clock.sleep(60)
            await put(3)
            await put(4, kind="other.type")
            assert (await anext(found)).data["n"] == 3
            await put(5)
            assert (await anext(found)).data["n"] == 5
            await put(6, age=LATE - 5)
            await put(7)
            assert [(await anext(found)).data["n"] for _ in range(2)] == [6, 7], "of another process, written late"
