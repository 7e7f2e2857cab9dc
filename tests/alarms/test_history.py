"""What becomes of alarms is stored, over restarts too."""

from __future__ import annotations

from pathlib import Path

from certhia.alarms.board import Alarms, Found
from certhia.alarms.history import History
from certhia.model import Alarm
from certhia.store import State
from certhia.store.alarms import stored
from certhia.testing import SimClock, in_simulated_time


def quiet(text: str, *, level: str = "info", log: str = "") -> None:
    pass


def found(*keys: str) -> list[Found]:
    return [Found(Alarm(key, "wrong")) for key in keys]


class Run:
    """One run's board, which looks a second after the last time."""

    def __init__(self, state: State, clock: SimClock) -> None:
        self.state, self.clock = state, clock
        self.history = History(state, clock)
        self.board = Alarms(quiet, clock=clock, heard=[self.history])
        self.begun = clock.now()

    async def look(self, *keys: str) -> None:
        await self.clock.sleep(1.0)
        assert await self.history.look() == []
        self.board.settle(found(*keys))
        await self.state.writer.durable()


async def listed(state: State, begun: float) -> list[tuple[str, float, float | None]]:
    """Key, raised and cleared, in seconds since the run began."""
    return [
        (one.alarm.key, one.alarm.since - begun, None if one.cleared is None else one.cleared - begun)
        async for one in stored(state)
    ]


@in_simulated_time
async def test_when_they_clear(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        run = Run(state, certhia_clock)
        await run.look("disk")
        await run.look("disk", "list")
        await run.look("list")
        await run.look("list", "disk")
        assert await listed(state, run.begun) == [("disk", 4.0, None), ("list", 2.0, None), ("disk", 1.0, 3.0)]


@in_simulated_time
async def test_a_restart_makes_no_new_one(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        first = Run(state, certhia_clock)
        await first.look("disk", "list", "sink")
        again = Run(state, certhia_clock)
        await again.look("disk")
        await again.look("disk", "sink")
        told = await listed(state, first.begun)
        assert told == [("sink", 3.0, None), ("disk", 1.0, None), ("list", 1.0, 3.0), ("sink", 1.0, 3.0)]
        await again.look("sink")
        assert ("disk", 1.0, 4.0) in await listed(state, first.begun), "the one of before the restart cleared"


@in_simulated_time
async def test_what_is_over_after_a_restart_is_told_to_whoever_heard_of_it(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    heard, said = list[tuple[str, bool]](), list[str]()

    def hears(alarm: Alarm, *, cleared: bool) -> None:
        heard.append((alarm.key, cleared))

    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        first = Run(state, certhia_clock)
        await first.look("log:ab", "contact", "log:cd", "promise:ef")
        again = Run(state, certhia_clock)
        again.board = Alarms(lambda text, **_: said.append(text), clock=certhia_clock, heard=[again.history, hears])
        again.history.over = again.board.ended
        await again.look("log:cd")
        await again.look("log:cd")
        # Contact may not have been lost for long enough yet, and a promise stays broken.
        assert heard == [("log:cd", False), ("log:ab", True)]
        assert [text for text in said if "over" in text] == ["alarm over after 2 s: wrong"]
        assert {key for key, _, cleared in await listed(state, first.begun) if cleared} == {
            "log:ab",
            "contact",
            "promise:ef",
        }
