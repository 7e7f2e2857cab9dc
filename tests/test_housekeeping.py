"""What is done beside following."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from certhia.clock import Clock
from certhia.errors import BadAnswer
from certhia.housekeeping import PRUNE, REFRESH, RESOLVE, Housekeeping
from certhia.logs import snapshot
from certhia.logs.pace import Paces
from certhia.logs.status import Status
from certhia.model import Head, Health, Log, Protocol, Quarantined
from certhia.store import State
from certhia.testing import SimClock, in_simulated_time

LOG = Log(b"i" * 32, b"", "Alpha", "Op", Protocol.STATIC, "https://log.test/", "https://log.test/")


class House:
    """Housekeeping over a state and one log's status."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self.status = Status(LOG, head=Head(100, b"r" * 32, 5, b""), position=100, health=Health.DEGRADED)
        self.said: list[tuple[str, str]] = []
        self.paces = Paces(clock, remembered={"log.test": 2.5})
        self.keeper = Housekeeping(state, self.paces, lambda: [self.status], self.say, clock=clock)

    def say(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append((level, text))


@asynccontextmanager
async def house(path: Path, clock: Clock) -> AsyncIterator[House]:
    async with await State.open(path, clock=clock, follow=True) as state:
        yield House(state, clock)


@asynccontextmanager
async def beside(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@in_simulated_time
async def test_snapshots_are_saved_now_and_then(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with house(tmp_path, certhia_clock) as here, beside(here.keeper.snapshots()):
        await certhia_clock.sleep(31)
        await here.state.writer.durable()
        assert json.loads(await here.state.recall("paces") or "") == {"log.test": 2.5}
        heads, conditions = snapshot.read(await here.state.recall(snapshot.NAME), certhia_clock.now())
        assert heads[LOG.id].size == 100
        assert conditions == {LOG.id: snapshot.Condition(Health.DEGRADED)}


@in_simulated_time
async def test_requests_of_other_processes_are_taken_up(certhia_clock: SimClock, tmp_path: Path) -> None:
    asked = []

    async def refresh() -> None:
        asked.append(certhia_clock.monotonic())
        if len(asked) == 2:
            raise BadAnswer("no list today")

    async with (
        house(tmp_path, certhia_clock) as here,
        beside(here.state.writer.run()),
        beside(here.keeper.requests(refresh)),
    ):
        numbers = []
        for kind in (REFRESH, REFRESH, "dance"):
            numbers.append(await here.state.request(kind, ""))
            await certhia_clock.sleep(3)
            await here.state.writer.durable()
        answers = [await here.state.answer(number) for number in numbers]
        assert answers[:2] == ["done", "failed: no list today"]
        assert (answers[2] or "").startswith("unknown request 'dance'")
        await certhia_clock.sleep(30)
        assert len(asked) == 2, "each is taken up once"


@in_simulated_time
async def test_quarantined_entries_are_marked_as_asked(certhia_clock: SimClock, tmp_path: Path) -> None:
    async def refresh() -> None:
        pass

    async with (
        house(tmp_path, certhia_clock) as here,
        beside(here.state.writer.run()),
        beside(here.keeper.requests(refresh)),
    ):
        here.state.writer.log(LOG)
        here.state.writer.quarantine(Quarantined(LOG.id, 7, "why", bytes(32), b"leaf"))
        asked = [
            json.dumps({"log": LOG.id.hex(), "indices": [7, 9, -1, 1 << 80]}),
            json.dumps({"log": "ab" * 32, "indices": [7]}),  # unknown
            *("", "[]", '{"log": 7, "indices": [1]}', '{"log": "zz", "indices": []}', "[" * 100_000, '{"log": "ab"}'),
            '{"log": "ab", "indices": 3}',
        ]
        numbers = [await here.state.request(RESOLVE, payload) for payload in asked]
        await certhia_clock.sleep(3)
        await here.state.writer.durable()
        answers = [await here.state.answer(number) or "" for number in numbers]
        assert answers[:2] == ["done", "done"]
        assert all(answer.startswith("failed: the request makes no sense") for answer in answers[2:])
        (kept,) = [one async for one in here.state.quarantined()]
        assert kept.resolved == certhia_clock.now() - 1, "when the request was taken up"


@in_simulated_time
async def test_what_is_old_goes_as_asked(certhia_clock: SimClock, tmp_path: Path) -> None:
    async def refresh() -> None:
        pass

    async with (
        house(tmp_path, certhia_clock) as here,
        beside(here.state.writer.run()),
        beside(here.keeper.requests(refresh)),
    ):
        here.state.writer.log(LOG)
        here.state.writer.quarantine(Quarantined(LOG.id, 7, "why", bytes(32), b"leaf", certhia_clock.now() - 100))
        await here.state.writer.durable()
        asked = [
            '{"leaves": 60}',
            '{"leaves": 60, "most": 5, "matches": null, "steps": 3600}',
            '{"leaves": "60"}',
            "[]",
        ]
        numbers = [await here.state.request(PRUNE, payload) for payload in asked]
        await certhia_clock.sleep(3)
        await here.state.writer.durable()
        answers = [await here.state.answer(number) or "" for number in numbers]
        for answer, count in zip(answers[:2], (1, 0), strict=True):
            told = f"let go of 0 old matches, 0 dead letters, 0 alarms, 0 certificates and the bytes of {count} "
            assert answer.startswith(told)
        assert all(answer.startswith("failed: the request makes no sense") for answer in answers[2:])


@in_simulated_time
async def test_a_request_that_we_stumble_over_is_not_in_the_way_of_others(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    async def refresh() -> None:
        pass

    async def stumbles(payload: str) -> str:
        raise OverflowError(payload)

    async with house(tmp_path, certhia_clock) as here, beside(here.state.writer.run()):
        numbers = [await here.state.request(kind, "too large") for kind in ("odd", REFRESH)]
        for _ in range(2):  # as it is supervised
            with suppress(OverflowError, TimeoutError):
                async with certhia_clock.deadline(10):
                    await here.keeper.requests(refresh, {"odd": stumbles})
            await here.state.writer.durable()
        assert [await here.state.answer(number) for number in numbers] == ["failed: OverflowError: too large", "done"]
