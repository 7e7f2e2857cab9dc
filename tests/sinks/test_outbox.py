"""At least once, in order, each sink at its own pace."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.pool import QueuePool

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.model import Delivery, Log, LogName, Match, Protocol, Sighting, SinkClosed
from certhia.sinks.outbox import Outbox
from certhia.store import State
from certhia.store.place import Place
from certhia.testing import SimClock, in_simulated_time

KEY = b"key"
LOG = Log(
    hashlib.sha256(KEY).digest(), KEY, "Log", "Operator", Protocol.STATIC, "https://a.example/", "https://a.example/"
)


def match(index: int, names: int = 1) -> Match:
    key = hashlib.sha256(b"%d" % index).digest()
    return Match(
        key=key,
        tbs_sha256=key,
        hits=(),
        sighting=Sighting(LOG.id, index, False, 0),
        log=LogName(LOG.id, LOG.url, LOG.description, LOG.operator),
        verified=False,
        seen=float(index),
        names=("a" * 200 + ".example",) * names,
        not_before=0,
        not_after=0,
        serial="",
        issuer="",
        issuer_organization="",
        subject_organization="",
        sha256=key,
        spki_sha256=key,
    )


class Listing:
    """A sink that writes down what it is told, and fails as often as it is told to."""

    def __init__(self, name: str = "list", errors: Sequence[Exception] = ()) -> None:
        self.name = name
        self.errors = list(errors)
        self.calls: list[list[Delivery]] = []
        self.told: list[Delivery] = []
        self.times: list[float] = []
        self.hangs = False
        self.called = asyncio.Event()
        self.clock: Clock = Clock()

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        self.calls.append(list(deliveries))
        self.called.set()
        self.times.append(self.clock.monotonic())
        if self.hangs:
            await asyncio.Event().wait()
        if self.errors:
            raise self.errors.pop(0)
        self.told += deliveries

    async def close(self) -> None:
        """Nothing to let go of."""

    @property
    def indices(self) -> list[int]:
        return [delivery.match.sighting.index for delivery in self.told]


@asynccontextmanager
async def telling(state: State, *sinks: Listing, clock: Clock | None = None) -> AsyncIterator[Outbox]:
    """The writer and an outbox, running."""
    outbox = Outbox(state, sinks, clock or Clock())
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
        yield outbox
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def opened(path: Path | Place, clock: Clock | None = None) -> AsyncIterator[State]:
    async with await State.open(path, clock=clock or Clock(), follow=True) as state:
        state.writer.log(LOG)
        yield state


async def test_each_sink_gets_everything_once_and_in_order(tmp_path: Path) -> None:
    one, other = Listing("one"), Listing("other")
    async with opened(tmp_path) as state:
        async with telling(state, one, other) as outbox:
            for index in range(2000):
                state.writer.match(match(index), ["one"] if index % 2 else ["one", "other"])
                if index % 100 == 0:
                    await asyncio.sleep(0)
            await state.writer.durable()
            assert await outbox.drain(30)
        assert one.indices == list(range(2000))
        assert other.indices == list(range(0, 2000, 2))
        assert not any(delivery.repeat for delivery in one.told)
        await state.writer.durable()
        assert await state.queues() == {}
        assert (await state.totals())["delivered"] == 3000


async def test_the_next_start_tells_what_was_not_told_and_nothing_else(tmp_path: Path) -> None:
    async with opened(tmp_path) as state:
        for index in range(3):
            state.writer.match(match(index), ["list"])
    sink = Listing()
    async with opened(tmp_path) as state, telling(state, sink) as outbox:
        assert await outbox.drain(30)
    assert [(d.match.sighting.index, d.repeat) for d in sink.told] == [(0, False), (1, False), (2, False)]
    again = Listing()
    async with opened(tmp_path) as state, telling(state, again) as outbox:
        assert await outbox.drain(30)
    assert again.calls == []


async def test_what_waits_for_a_sink_that_is_no_more_is_said(tmp_path: Path) -> None:
    async with opened(tmp_path) as state:
        for index in range(3):
            state.writer.match(match(index), ["old name", "list"])
    said: list[str] = []
    one, hanging = Listing("list"), Listing("hanging")
    hanging.hangs = True
    async with opened(tmp_path) as state:
        outbox = Outbox(state, [one, hanging], Clock(), notice=lambda sink, text: said.append(f"{sink}: {text}"))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
            state.writer.match(match(9), ["hanging"])
            await state.writer.durable()
            await hanging.called.wait()
            for _ in range(2):
                await outbox.replace(["hanging"], {})
            for task in tasks:
                task.cancel()
    lost = "deliveries wait for it, and there is no such sink now: certhia outbox drop"
    assert said == [f"old name: 3 {lost} 'old name' --waiting", f"hanging: 1 {lost} hanging --waiting"]


async def test_after_a_crash_what_may_have_been_told_is_a_repeat_with_the_same_id(tmp_path: Path) -> None:
    first, second = Listing(), Listing()
    async with opened(tmp_path) as state:
        state.writer.match(match(1), ["list"])
        await state.writer.durable()
        await first.send(await state.pending("list"))
        state._writer = None  # the process dies between telling and marking
    async with opened(tmp_path) as state, telling(state, second) as outbox:
        state.writer.match(match(2), ["list"])
        await state.writer.durable()
        assert await outbox.drain(30)
    assert [(d.id, d.repeat) for d in first.told] == [(1, False)]
    assert [(d.id, d.repeat) for d in second.told] == [(1, True), (2, False)]


async def test_a_doubt_outlives_a_start_that_told_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as state:
        state.writer.match(match(1), ["list"])
        await state.writer.durable()
        state._writer = None  # killed
    async with opened(tmp_path) as state:
        state.writer.match(match(2), ["list"])
    async with opened(tmp_path) as state:
        assert [(d.id, d.repeat) for d in await state.pending("list")] == [(1, True), (2, False)]


async def test_what_was_being_told_at_the_end_is_a_repeat(tmp_path: Path) -> None:
    slow, sink = Listing(), Listing()
    slow.hangs = True
    async with opened(tmp_path) as state, telling(state, slow) as outbox:
        state.writer.match(match(1), ["list"])
        await state.writer.durable()
        await slow.called.wait()
        assert not await outbox.drain(0.01)
        state.writer.match(match(2), ["list"])
    async with opened(tmp_path) as state, telling(state, sink) as outbox:
        assert await outbox.drain(30)
    assert [(d.match.sighting.index, d.repeat) for d in sink.told] == [(1, True), (2, False)]


@in_simulated_time
async def test_a_failing_sink_keeps_its_place_and_delays_no_other(certhia_clock: SimClock, tmp_path: Path) -> None:
    failing = Listing("failing", [OSError("broken \x1b[31m")] * 12)
    failing.clock = certhia_clock
    well = Listing("well")
    notices: list[tuple[str, str]] = []
    async with opened(tmp_path, certhia_clock) as state:
        outbox = Outbox(state, [failing, well], certhia_clock, notice=lambda sink, text: notices.append((sink, text)))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
            state.writer.match(match(1), ["failing", "well"])
            await state.writer.durable()
            await certhia_clock.sleep(0.5)
            assert well.indices == [1]
            assert outbox.queues[0].failing == "OSError: broken \x1b[31m"
            state.writer.match(match(2), ["failing", "well"])
            assert await outbox.drain(3600)
            for task in tasks:
                task.cancel()
    assert failing.indices == [1, 2]
    assert [d.repeat for d in failing.told] == [True, False]
    pauses = [after - before for before, after in zip(failing.times, failing.times[1:13], strict=False)]
    for pause, expected in zip(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300], strict=True):
        assert 0.85 * expected <= pause <= 1.15 * expected
    assert [sink for sink, _ in notices] == ["failing", "failing"]
    assert "until it works" in notices[0][1]
    assert "again" in notices[1][1]


async def test_a_sink_that_nobody_reads_ends_quietly(tmp_path: Path) -> None:
    closed, well = Listing("closed", [SinkClosed("nobody reads")]), Listing("well")
    async with opened(tmp_path) as state, telling(state, closed, well) as outbox:
        state.writer.match(match(1), ["closed", "well"])
        await asyncio.wait_for(outbox.closed.wait(), 10)
        await state.writer.durable()
        assert await outbox.drain(10)
        await state.writer.durable()
        assert well.indices == [1]
        assert await state.queues() == {"closed": 1}


async def test_a_sink_that_ends_in_the_midst_says_how_far_it_came(tmp_path: Path) -> None:
    sink = Listing(errors=[SinkClosed("enough", told=2)])
    async with opened(tmp_path) as state:
        for index in range(4):
            state.writer.match(match(index), ["list"])
        await state.writer.durable()
        async with telling(state, sink) as outbox:
            await asyncio.wait_for(outbox.closed.wait(), 10)
            await state.writer.durable()
        left = await state.pending("list")
    assert [(delivery.match.sighting.index, delivery.repeat) for delivery in left] == [(2, True), (3, True)]


@in_simulated_time
async def test_a_drain_waits_as_long_as_it_takes_but_for_nobody_who_left(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    slow = Listing(errors=[OSError("later"), OSError("later still"), SinkClosed("enough")])
    slow.clock = certhia_clock
    async with opened(tmp_path, certhia_clock) as state, telling(state, slow, clock=certhia_clock) as outbox:
        state.writer.match(match(1), ["list"])
        await state.writer.durable()
        assert await outbox.drain(None)
        assert outbox.closed.is_set()
        assert len(slow.calls) == 3


async def test_large_matches_come_few_at_a_time(tmp_path: Path) -> None:
    sink = Listing()
    async with opened(tmp_path) as state:
        for index in range(5):
            state.writer.match(match(index, names=20_000), ["list"])  # 4 MB each
        async with telling(state, sink) as outbox:
            await state.writer.durable()
            assert await outbox.drain(30)
    assert sink.indices == [0, 1, 2, 3, 4]
    assert max(len(call) for call in sink.calls) == 1


async def test_storage_that_fails_ends_the_outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as state:
        await state.engine.dispose()
        state.file.unlink()
        with pytest.raises(ExceptionGroup) as caught:
            await Outbox(state, [Listing()], Clock()).run()
        assert caught.group_contains(StateError, match=r"state\.db")
        state._writer = None


async def test_the_oldest_that_waits_is_known_while_a_sink_hangs(tmp_path: Path) -> None:
    hangs, quick = Listing("hangs"), Listing("quick")
    hangs.hangs = True
    async with opened(tmp_path) as state, telling(state, hangs, quick) as outbox:
        assert outbox.oldest() == {}
        for index in range(3):
            state.writer.match(match(index), ["hangs", "quick"])
        await state.writer.durable()
        await hangs.called.wait()
        async with asyncio.timeout(20):
            await outbox.queues[1].drained()
        first = hangs.calls[0][0].id
        assert outbox.oldest() == {"hangs": first}
        assert first <= state.writer.last_delivery


@in_simulated_time
async def test_a_fault_in_one_queue_costs_neither_the_run_nor_a_match(certhia_clock: SimClock, tmp_path: Path) -> None:
    """Such as no connection to read by in time, while others keep them all."""
    one, two, said = Listing("one"), Listing("two"), list[str]()
    async with opened(tmp_path, certhia_clock) as state, AsyncExitStack() as others:
        for index in range(3):
            state.writer.match(match(index), ["one", "two"])
        await state.writer.durable()
        pool = state.engine.sync_engine.pool
        assert isinstance(pool, QueuePool)
        held, pool._timeout = pool.size(), 0
        for _ in range(held):
            _ = await others.enter_async_context(state.engine.connect())
        outbox = Outbox(state, [one, two], certhia_clock, notice=lambda sink, text: said.append(f"{sink}: {text}"))
        running = asyncio.get_running_loop().create_task(outbox.run())
        while len(said) < 2 and not running.done():
            await certhia_clock.sleep(0.1)
        assert sorted(text.partition(": QueuePool")[0] for text in said) == [
            "one: stopped by TimeoutError",
            "two: stopped by TimeoutError",
        ]
        pool._timeout = 60
        await others.aclose()
        assert await outbox.drain(60)
        running.cancel()
    assert [one.indices, two.indices] == [[0, 1, 2]] * 2
