"""What a command asks of the process that follows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from certhia.cli.asking import ANSWER_WITHIN, ask
from certhia.errors import StateError
from certhia.store import State
from certhia.store.place import Place
from certhia.testing import SimClock, in_simulated_time


@in_simulated_time
async def test_answered(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state, asyncio.TaskGroup() as group:
        asked = group.create_task(ask(Place(tmp_path), "kind", "what", certhia_clock))
        while not (requests := await state.requests()):
            await certhia_clock.sleep(1)
        assert [(one.kind, one.payload) for one in requests] == [("kind", "what")]
        state.writer.answer(requests[0].id, "done")
        await state.writer.durable()
        assert await asked == "done"


@in_simulated_time
async def test_not_answered(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True):
        with pytest.raises(StateError, match=f"nobody took up the request in {ANSWER_WITHIN:.0f} s"):
            await ask(Place(tmp_path), "kind", "what", certhia_clock)
