"""Broken promises that another process found reach the board, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rig import Rig

from certhia.alarms.broken import MOST, PROMISE, Broken, payload
from certhia.store import State
from certhia.testing import World, in_simulated_time


async def test_once_on_the_board() -> None:
    broken = Broken()
    assert broken.found == []
    for _ in range(2):
        assert await broken.take(payload("Argon", "broke a promise")) == "done"
    (found,) = broken.found
    assert (found.told, str(found.alarm)) == (False, "Argon: broke a promise")
    assert found.alarm.key.startswith("promise:")
    for number in range(MOST):
        await broken.take(payload("Argon", f"broke promise {number}"))
    assert len(broken.found) == MOST
    assert str(broken.found[0].alarm) == "Argon: broke promise 0"


@pytest.mark.parametrize("asked", ["", "[]", "{}", '{"log": 1, "text": "x"}', '{"log": "x"}', "[" * 100_000])
async def test_requests_that_make_no_sense(asked: str) -> None:
    broken = Broken()
    assert (await broken.take(asked)).startswith("failed: the request makes no sense")
    assert broken.found == []


@in_simulated_time
async def test_whoever_follows_tells_it(certhia_world: World, tmp_path: Path) -> None:
    """Once, within the interval, and in the summary."""
    certhia_world.static("alpha")
    certhia_world.grow(10)
    rig = Rig(certhia_world, tmp_path)
    async with rig.running():
        await rig.clock.sleep(10)
        async with await State.open(tmp_path, clock=rig.clock, follow=False) as beside:
            number = await beside.request(PROMISE, payload("alpha", "broke a promise; evidence: file.json"))
            await rig.clock.sleep(700)
            assert await beside.answer(number) == "done"
    told = [(level, log, text) for level, log, text in rig.said if "promise" in text]
    assert told == [("error", "alpha", "alarm: broke a promise; evidence: file.json")]
    assert rig.summary is not None
    assert rig.summary.alarms == ("alpha: broke a promise; evidence: file.json",)
