"""Where following begins and ends: points found in the log without missing what they include."""

from __future__ import annotations

import pytest
from tests.logs.bench import KINDS, Bench, Wire, fill, make, sources

from certhia._core import Issuers
from certhia.errors import Lagging, RemoteError, Throttled
from certhia.logs import start
from certhia.logs.client import LogClient, client
from certhia.logs.pace import Paces
from certhia.logs.reading import Origin, Reading
from certhia.model import Head, Protocol
from certhia.quantity import Point
from certhia.testing import FakeLog, SimClock, World, fail, in_simulated_time, lag, silent

kinds = pytest.mark.parametrize("kind", KINDS)
HOUR = 3600


def reader(world: World, log: FakeLog) -> tuple[LogClient, Wire]:
    wire = Wire(world.transport(latency=0.01))
    return client(log.model, wire, Paces(world.clock), Issuers(), world.clock), wire


async def held(log: LogClient) -> Head:
    return await log.head()


def hourly(world: World, log: FakeLog, clock: SimClock, hours: int = 10, each: int = 100) -> list[float]:
    """`each` entries an hour; gives the time of each hour's first."""
    times = []
    for _ in range(hours):
        times.append(clock.now())
        log.extend_raw(sources(world), each)
        clock.advance(HOUR)
    log.publish()
    return times


@pytest.mark.parametrize(
    "point, size, index",
    [
        (Point("now"), 10, 10),
        (Point("beginning"), 10, 0),
        (Point("index", 7), 10, 7),
        (Point("index", 70), 10, 10),
        (Point("back", 3), 10, 7),
        (Point("back", 30), 10, 0),
        (Point("back", 0), 10, 10),
    ],
)
def test_points_that_need_no_asking(point: Point, size: int, index: int) -> None:
    assert start.index_of(point, size) == index


@kinds
@in_simulated_time
async def test_a_date_is_looked_for_less_the_mmd(certhia_world: World, certhia_clock: SimClock, kind: Protocol) -> None:
    log = make(certhia_world, kind, mmd=2 * HOUR)
    times = hourly(certhia_world, log, certhia_clock)
    reading, wire = reader(certhia_world, log)
    head = await held(reading)
    for hour, at in enumerate(times):
        assert await start.resolve(Point("date", at), reading, head, certhia_clock) == max(hour - 2, 0) * 100
    assert await start.resolve(Point("date", times[0] - 9e9), reading, head, certhia_clock) == 0
    assert await start.resolve(Point("date", certhia_clock.now() + 9e9), reading, head, certhia_clock) == 1000
    assert wire.count("get-entries|tile/data") < 13 * 11, "bisected"


@in_simulated_time
async def test_a_date_in_an_empty_log(certhia_world: World, certhia_clock: SimClock) -> None:
    reading, wire = reader(certhia_world, make(certhia_world, Protocol.RFC6962))
    assert await start.resolve(Point("date", 0), reading, await held(reading), certhia_clock) == 0
    assert len(wire.asked) == 1


@kinds
@in_simulated_time
async def test_entries_merged_late_are_not_missed(
    certhia_world: World, certhia_clock: SimClock, kind: Protocol
) -> None:
    """Timestamps out of order by up to the MMD: all that are as young as the date stand at or after the index."""
    log = make(certhia_world, kind, mmd=HOUR)
    issued = sources(certhia_world)
    for number in range(300):
        certhia_clock.advance(60)
        late = (number * 7919) % HOUR
        log.extend_raw(issued, 1, timestamp=int((certhia_clock.now() - late) * 1000))
    log.publish()
    stamps = [entry.timestamp / 1000 for entry in log.entries]
    reading, _ = reader(certhia_world, log)
    head = await held(reading)
    for date in stamps[::17]:
        begin = await start.resolve(Point("date", date), reading, head, certhia_clock)
        assert all(stamp < date for stamp in stamps[:begin])
        end = await start.resolve_end(Point("date", date), reading, head, certhia_clock)
        assert end is None or all(stamp >= date for stamp in stamps[end:])


@kinds
@in_simulated_time
async def test_until_a_date_that_has_passed(certhia_world: World, certhia_clock: SimClock, kind: Protocol) -> None:
    log = make(certhia_world, kind, mmd=HOUR)
    times = hourly(certhia_world, log, certhia_clock)
    reading = Reading(until=Point("date", times[4]))
    bench = await Bench(certhia_world, log, reading=reading).follow(60)
    assert bench.ended() == "read until 500"
    bench.check(end=500)


@kinds
@in_simulated_time
async def test_until_a_date_to_come_asks_for_heads_only(
    certhia_world: World, certhia_clock: SimClock, kind: Protocol
) -> None:
    log = make(certhia_world, kind, mmd=HOUR)
    fill(certhia_world, log, 256)
    reading = Reading(until=Point("date", certhia_clock.now() + 2 * HOUR))
    bench = Bench(certhia_world, log, Origin(Point("now")), reading=reading)
    async with bench.following():
        await certhia_clock.sleep(60)
        bench.wire.asked.clear()
        await certhia_clock.sleep(HOUR)
        assert bench.wire.count("get-sth$|checkpoint$") == len(bench.wire.asked)
        fill(certhia_world, log, 100)
        await certhia_clock.sleep(2.5 * HOUR)
        assert not bench.ended(), "a log that has signed nothing since may still bring older entries"
        fill(certhia_world, log, 100)
        await certhia_clock.sleep(200)
    assert bench.ended() == "read until 356"
    bench.check(start=256, end=356)


@in_simulated_time
async def test_until_a_date_ends_in_a_log_that_signs_no_more(certhia_world: World, certhia_clock: SimClock) -> None:
    log = make(certhia_world, Protocol.RFC6962, mmd=HOUR)
    fill(certhia_world, log, 256)
    reading = Reading(until=Point("date", certhia_clock.now() + HOUR))
    bench = Bench(certhia_world, log, reading=reading)
    async with bench.following():
        await certhia_clock.sleep(3 * HOUR + 100)
    assert bench.ended() == "read until 256"


@in_simulated_time
async def test_until_now_is_the_head_at_the_start(certhia_world: World) -> None:
    reading, _ = reader(certhia_world, make(certhia_world, Protocol.RFC6962))
    head = Head(100, b"", 0, b"")
    for point, end in ((Point("now"), 100), (Point("index", 500), 500), (Point("back", 10), 90)):
        assert await start.resolve_end(point, reading, head, certhia_world.clock) == end


@kinds
@pytest.mark.parametrize(
    "times, error",
    [(3, None), (99, Throttled)],
)
@in_simulated_time
async def test_refusals_are_waited_for_and_stay_refusals(
    certhia_world: World, kind: Protocol, times: int, error: type[RemoteError] | None
) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    reading, _ = reader(certhia_world, log)
    head = await held(reading)
    log.hooks.append(fail(429, times=times, retry_after="1"))
    if error is None:
        assert await start.resolve(Point("date", 0), reading, head, certhia_world.clock) == 0
    else:
        with pytest.raises(error):
            await start.resolve(Point("date", 0), reading, head, certhia_world.clock)


@in_simulated_time
async def test_lag_stays_lag_and_failures_failures(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 300)
    reading, _ = reader(certhia_world, log)
    head = await held(reading)
    log.hooks.append(lag(10))
    with pytest.raises(Lagging):
        await start.resolve(Point("date", certhia_world.clock.now() + 9e9), reading, head, certhia_world.clock)
    log.hooks[:] = [silent()]
    with pytest.raises(RemoteError):
        await start.resolve(Point("date", 0), reading, head, certhia_world.clock)
