"""A stage that is a hundred times slower slows fetching; what is held stays within --memory, and nothing is lost."""

from __future__ import annotations

import asyncio
import concurrent.futures
import tracemalloc
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.rig import Rig, Sheet

from certhia.alarms.guard import Guarding
from certhia.clock import Clock
from certhia.logs.budget import Budget
from certhia.model import Delivery
from certhia.net import Http, Response, TooLong, Transport
from certhia.pipeline import Pipeline
from certhia.store import State, direct
from certhia.store.line import Line
from certhia.store.sqlite import Sqlite
from certhia.store.writer import MOST_STAGED
from certhia.testing import SimClock, SimulatedLoop, World, templates
from certhia.testing.logs import FakeLog
from certhia.testing.wire import endless

Result = TypeVar("Result")

MEMORY = 24_000_000  # bytes
PAUSE = 5.0  # simulated seconds that each page, commit or delivery takes: a hundred times what it takes at most
MINUTE = 60.0
PAGE = 256  # entries that are decoded together, at least


class Slow:
    """What is slow now, and by how much."""

    def __init__(self, clock: SimClock) -> None:
        self.clock, self.stage, self.pause = clock, "", PAUSE

    async def wait(self, stage: str) -> None:
        """The pause of a stage, if it is the one."""
        if stage == self.stage:
            await self.clock.sleep(self.pause)


class Loop(SimulatedLoop):
    """Simulated time in which pages are decoded slowly: the threads of the core are not held but waited for."""

    def __init__(self, slow: Slow) -> None:
        super().__init__(slow.clock)
        self._slow = slow

    def run_in_executor(  # type: ignore[override]
        self, executor: concurrent.futures.Executor | None, func: Callable[..., Result], *args: Any
    ) -> asyncio.Future[Result]:
        """As ever; decoding when its time has come."""
        run = super().run_in_executor
        if self._slow.stage != "decode" or not getattr(executor, "_thread_name_prefix", "").startswith("core"):
            return run(executor, func, *args)

        async def later() -> Result:
            await self._slow.wait("decode")
            return await run(executor, func, *args)

        return self.create_task(later())


@dataclass(frozen=True)
class Database(Sqlite):
    """A database whose transactions take their time."""

    slow: Slow

    @asynccontextmanager
    async def writing(self, engine: AsyncEngine) -> AsyncIterator[Line]:
        """A transaction."""
        await self.slow.wait("commit")
        async with direct.writing(engine) as line:
            yield line


class Slowly(Sheet):
    """A sink that takes its time."""

    def __init__(self, slow: Slow) -> None:
        super().__init__()
        self._slow = slow

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        await self._slow.wait("sink")
        await super().send(deliveries)


class Counting:
    """A transport that counts requests for entries, and notes what is held and staged meanwhile."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.asked = self.held = self.staged = 0
        self.look: Callable[[], tuple[int, int]] = lambda: (0, 0)

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        self.asked += "get-entries" in url or "tile/data" in url
        held, staged = self.look()
        self.held, self.staged = max(self.held, held), max(self.staged, staged)
        return await self.inner.get(url, headers=headers, cap=cap, timeout=timeout)

    async def close(self) -> None:
        await self.inner.close()


class SlowRig(Rig):
    """A pipeline of which each stage can be made slow."""

    def __init__(self, world: World, directory: Path, slow: Slow) -> None:
        super().__init__(world, directory)
        self.slow = slow
        self.sheet = Slowly(slow)
        self.sinks = [self.sheet]
        self.room = lambda: self.slow.wait("accept")
        self.transport = self.counting = Counting(self.transport)

    def build(self, state: State) -> Pipeline:
        pipeline = super().build(state)
        budget = pipeline._budget = Budget(MEMORY)
        writer = state.writer
        writer._where = Database(state.file, self.slow)
        self.counting.look = lambda: (budget.used, writer.staged)
        return pipeline


def slowed(world: World, test: Callable[[Slow], Coroutine[Any, Any, None]]) -> None:
    """Runs a test in simulated time, with something slow in it."""
    assert isinstance(world.clock, SimClock)
    slow = Slow(world.clock)
    with asyncio.Runner(loop_factory=lambda: Loop(slow)) as runner:
        runner.run(test(slow))


def two(world: World, entries: int, rarely: int = 1) -> list[Callable[[int], None]]:
    """A log of each kind; one entry in `rarely` is watched for. Gives what has each of them grow."""
    issued = templates([world.ca.issue(["www.example.com" if n == 0 else "other.test"]) for n in range(rarely)])

    def grow(log: FakeLog, count: int) -> None:
        log.extend_raw(issued, count)
        log.publish()

    logs = [world.rfc6962("one", max_get_entries=64), world.static("two")]
    for log in logs:
        grow(log, entries)
    return [partial(grow, log) for log in logs]


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["decode", "accept"])
def test_backpressure_of_what_is_done_to_pages(certhia_world: World, tmp_path: Path, stage: str) -> None:
    """No more is fetched ahead than fits into memory; the lag is there to see; all is read once it is quick again."""

    async def test(slow: Slow) -> None:
        two(certhia_world, 100 * PAGE, rarely=500)
        rig = SlowRig(certhia_world, tmp_path, slow)
        slow.stage = stage
        async with rig.running() as pipeline:
            await rig.clock.sleep(2 * MINUTE)
            statuses, early = pipeline.statuses(), rig.counting.asked
            done = [status.position // PAGE for status in statuses]
            assert all(2 <= pages <= 2 * MINUTE / PAUSE for pages in done), done
            assert all(status.lag > 50 * PAGE for status in statuses)
            assert rig.counting.held <= MEMORY
            await rig.clock.sleep(MINUTE)
            more = rig.counting.asked - early
            assert more <= 2 * 5 * MINUTE / PAUSE, "it fetches as fast as it works, of the one log 4 answers a page"
            slow.stage = ""
            await rig.clock.sleep(5 * MINUTE)
            assert [status.lag for status in statuses] == [0, 0]
        assert rig.counting.held <= MEMORY
        await rig.check()
        assert {len(match.names) for match in (await rig.stored()).values()} == {1}
        assert rig.summary is not None
        assert rig.summary.matches + rig.summary.sightings == 2 * -(-100 * PAGE // 500)

    slowed(certhia_world, test)


@pytest.mark.slow
def test_backpressure_of_commits(certhia_world: World, tmp_path: Path) -> None:
    """A disk that takes seconds for a commit: what waits for it is bounded, and reading waits for it in turn."""

    async def test(slow: Slow) -> None:
        two(certhia_world, 4000)
        rig = SlowRig(certhia_world, tmp_path, slow)
        slow.stage = "commit"
        async with rig.running() as pipeline:
            await rig.clock.sleep(1.5 * PAUSE)
            statuses = pipeline.statuses()
            assert sum(status.lag for status in statuses) > 0
            slow.stage = ""
            await rig.clock.sleep(5 * MINUTE)
            assert [status.lag for status in statuses] == [0, 0]
        assert MOST_STAGED < rig.counting.staged <= MOST_STAGED + 2 * 4 * PAGE
        assert rig.counting.held <= MEMORY
        await rig.check()

    slowed(certhia_world, test)


@pytest.mark.slow
def test_backpressure_of_a_sink(certhia_world: World, tmp_path: Path) -> None:
    """What it is still to be told waits on the disk, not in memory; reading goes on, and at last it knows all."""

    async def test(slow: Slow) -> None:
        two(certhia_world, 2000)
        rig = SlowRig(certhia_world, tmp_path, slow)
        slow.stage = "sink"
        async with rig.running() as pipeline:
            await rig.clock.sleep(2 * PAUSE)
            assert [status.lag for status in pipeline.statuses()] == [0, 0]
            assert len(rig.sheet.told) <= 1000
            assert rig.state.writer.staged < 1000
            slow.stage = ""
            await rig.clock.sleep(MINUTE)
        await rig.check()
        assert len(rig.sheet.told) == 2000

    slowed(certhia_world, test)


@pytest.mark.slow
@pytest.mark.parametrize(
    "stage, pause, rarely, alarm",
    [
        ("decode", 60.0, 500, "backlog"),
        ("accept", 60.0, 500, "backlog"),
        ("commit", 120.0, 1, "backlog"),  # it takes thousands at once
        ("sink", 20.0, 1, "sink:sheet"),
    ],
)
def test_backpressure_is_an_alarm(
    certhia_world: World, tmp_path: Path, stage: str, pause: float, rarely: int, alarm: str
) -> None:
    """The lag alarm comes within an interval or two, that of the sink where reading goes on; both are over after it."""

    async def test(slow: Slow) -> None:
        logs = two(certhia_world, 4 * PAGE, rarely)
        rig = SlowRig(certhia_world, tmp_path, slow)
        rig.guarding = Guarding(interval=MINUTE, places=(tmp_path,), poll=5)
        async with rig.running() as pipeline:
            await rig.clock.sleep(MINUTE)
            assert pipeline.progress().alarms == ()
            slow.stage, slow.pause = stage, pause
            for _ in range(30):
                for grow in logs:
                    grow(PAGE)
                await rig.clock.sleep(MINUTE / 10)
            assert [one.key for one in pipeline.progress().alarms] == [alarm]
            slow.stage = ""
            await rig.clock.sleep(5 * MINUTE)
            assert pipeline.progress().alarms == ()
            assert len(pipeline.summary().over) == 1
        assert rig.counting.held <= MEMORY
        await rig.check()

    slowed(certhia_world, test)


async def test_an_endless_answer_is_let_go_of_with_its_error() -> None:
    """Not only when the collector comes by: others may be as long in the meantime."""
    world = World()
    log = world.static("alpha")
    log.hooks.append(endless())
    async with world.serve(apart=True):
        http = Http(clock=Clock(), user_agent="test")
        tracemalloc.start()
        try:
            with pytest.raises(TooLong) as kept:
                await http.get(f"{log.url}checkpoint", cap=2 << 20)
            left, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            await http.close()
    assert most > 2 << 20
    assert left < 1 << 20, kept.value
