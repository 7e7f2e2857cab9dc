"""Broken promises that another process found reach the board, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rig import Rig

from certhia.alarms.broken import LASTS, MOST, PROMISE, Broken, Word, payload
from certhia.store import State
from certhia.testing import SimClock, World, in_simulated_time

START = SimClock().now()


def word(text: str = "broke a promise", *, leaf: int = 0, log: str = "alpha", at: float = 0.0) -> Word:
    return Word(log, b"l" * 32, leaf.to_bytes(32), at, text)


async def test_once_on_the_board() -> None:
    """By the promise, not by the words: those name a new head and a new file each day."""
    broken = Broken(SimClock())
    assert broken.found == []
    for day in range(4):
        assert await broken.take(payload(word(f"broke a promise; evidence {day}", at=START))) == "done"
    (found,) = broken.found
    assert (found.told, str(found.alarm)) == (False, "alpha: broke a promise; evidence 3")
    assert found.alarm.key.startswith("promise:")
    for number in range(MOST):
        await broken.take(payload(word(f"broke promise {number}", leaf=1 + number, at=START)))
    assert len(broken.found) == MOST
    assert str(broken.found[0].alarm) == "alpha: broke promise 0"


async def test_one_that_is_kept_after_all_is_no_alarm() -> None:
    broken = Broken(SimClock())
    for leaf in (1, 2):
        await broken.take(payload(word(leaf=leaf, at=START)))
    assert await broken.take(payload(word("", leaf=1, at=START))) == "done"
    assert len(broken.found) == 1
    assert await broken.take(payload(word("", leaf=3, at=START))) == "done"
    assert len(broken.found) == 1


async def test_what_nobody_took_up_for_long_is_over() -> None:
    clock = SimClock()
    broken = Broken(clock)
    clock.advance(LASTS + 1)
    assert await broken.take(payload(word(at=START))) == "too old: prove it again"
    assert broken.found == []


@pytest.mark.parametrize(
    "asked",
    [
        *("", "[]", "{}", "[" * 100_000, '{"log": "x", "text": "x"}'),
        '{"log": 1, "promise": "x", "at": 1, "text": "x"}',
        '{"log": "x", "promise": "x", "at": "x", "text": "x"}',
    ],
)
async def test_requests_that_make_no_sense(asked: str) -> None:
    broken = Broken(SimClock())
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
            number = await beside.request(
                PROMISE, payload(word("broke a promise; evidence: file.json", at=rig.clock.now()))
            )
            await rig.clock.sleep(700)
            assert await beside.answer(number) == "done"
    told = [(level, log, text) for level, log, text in rig.said if "promise" in text]
    assert told == [("error", "alpha", "alarm: broke a promise; evidence: file.json")]
    assert rig.summary is not None
    assert rig.summary.alarms == ("alpha: broke a promise; evidence: file.json",)
