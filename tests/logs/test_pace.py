"""The pace towards each host: what is allowed is used, and hardly more is asked for. Minutes pass in milliseconds."""

import asyncio
import random
from contextlib import suppress

import pytest

from certhia.clock import Clock
from certhia.errors import ConfigError
from certhia.logs.pace import Pace, Paces
from certhia.testing import SimClock, in_simulated_time

MINUTES = 600.0


class Bucket:
    """A server with a token bucket, some latency, and a way to say when to come back."""

    def __init__(self, clock: Clock, rate: float, burst: float, *, latency: float = 0.02, says: str = "") -> None:
        self.clock, self.rate, self.burst, self.latency, self.says = clock, rate, burst, latency, says
        self.tokens, self.at = burst, clock.monotonic()
        self.allowed = self.refused = self.busy = self.busiest = 0
        self.chance = random.Random(1)

    async def ask(self, pace: Pace) -> None:
        async with pace.slot():
            self.busy += 1
            self.busiest = max(self.busy, self.busiest)
            await self.clock.sleep(self.latency / 2 * self.chance.uniform(1, 1.15))
            good, lacking = self.admit(self.clock.monotonic())
            await self.clock.sleep(self.latency / 2 * self.chance.uniform(1, 1.15))
            self.busy -= 1
            if good:
                self.allowed += 1
                pace.ok()
            else:
                self.refused += 1
                waits = {"": None, "seconds": max(1.0, -(-lacking // 1)), "now": 0.25}
                pace.throttled(waits[self.says])

    def admit(self, now: float) -> tuple[bool, float]:
        """Whether a request that arrives now is let in, and in how many seconds the next one would be."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        good = self.tokens >= 1
        self.tokens -= good
        return good, (1 - self.tokens) / self.rate


async def drive(bucket: Bucket, pace: Pace, parallel: int, seconds: float = MINUTES) -> None:
    """As many requests as the pace lets out."""

    async def one() -> None:
        while True:
            await bucket.ask(pace)

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for _ in range(parallel):
                group.create_task(one())


@pytest.mark.parametrize("says", ["", "seconds", "now"])
@pytest.mark.parametrize("parallel", [1, 8])
@pytest.mark.parametrize("rate, burst", [(1, 1), (1, 5), (10, 1), (10, 10), (10, 100)])
@in_simulated_time
async def test_uses_nine_tenths_of_what_is_allowed_with_two_refusals_in_a_hundred(
    certhia_clock: SimClock, rate: float, burst: float, parallel: int, says: str
) -> None:
    bucket = Bucket(certhia_clock, rate, burst, says=says)
    await drive(bucket, Paces(certhia_clock).host("https://log.test/"), parallel)
    reachable = min(rate, parallel / (bucket.latency * 1.15)) * MINUTES
    assert bucket.allowed >= 0.9 * reachable
    assert bucket.refused <= 0.02 * (bucket.allowed + bucket.refused)


@pytest.mark.parametrize("rate, burst, says", [(75, 10, "seconds"), (75, 75, "")])
@in_simulated_time
async def test_a_fast_host(certhia_clock: SimClock, rate: float, burst: float, says: str) -> None:
    bucket = Bucket(certhia_clock, rate, burst, says=says)
    await drive(bucket, Paces(certhia_clock).host("https://log.test/"), 8)
    assert bucket.allowed >= 0.9 * rate * MINUTES
    assert bucket.refused <= 0.02 * bucket.allowed


@pytest.mark.parametrize("says", ["", "seconds", "now"])
@pytest.mark.parametrize("parallel", [1, 8])
@pytest.mark.parametrize("burst", [1, 5])
@in_simulated_time
async def test_a_request_in_five_seconds(certhia_clock: SimClock, burst: float, parallel: int, says: str) -> None:
    """Two in a hundred of so few are two: what has to be learned costs up to five."""
    bucket = Bucket(certhia_clock, 0.2, burst, says=says)
    await drive(bucket, Paces(certhia_clock).host("https://log.test/"), parallel)
    assert bucket.allowed >= 0.85 * 0.2 * MINUTES
    assert bucket.refused <= 5


@pytest.mark.parametrize("parallel", [4, 16])
@in_simulated_time
async def test_learns_over_a_slow_line_too(certhia_clock: SimClock, parallel: int) -> None:
    bucket = Bucket(certhia_clock, 10, 20, latency=0.3)
    await drive(bucket, Paces(certhia_clock).host("https://log.test/"), parallel)
    assert bucket.allowed >= 0.9 * 10 * MINUTES
    assert bucket.refused <= 0.02 * bucket.allowed


@pytest.mark.parametrize("rate, latency", [(5, 1.0), (10, 0.3), (30, 0.1), (30, 0.3)])
@in_simulated_time
async def test_a_bucket_that_holds_one_over_a_line_that_shakes(
    certhia_clock: SimClock, rate: float, latency: float
) -> None:
    """Requests sent a gap apart arrive as much nearer to each other as the line shakes, and a bucket of one token
    refuses the nearer ones. Without refusals no more than a request in gap plus shake is to be had."""
    bucket = Bucket(certhia_clock, rate, 1, latency=latency)
    await drive(bucket, Paces(certhia_clock).host("https://log.test/"), 16)
    shake = 0.15 * latency / 2
    assert bucket.allowed >= 0.8 * MINUTES / (1 / rate + shake)
    assert bucket.refused <= 0.02 * bucket.allowed


class Windows(Bucket):
    """A server that allows so many requests in each span of the clock, whenever within it they come."""

    def __init__(self, clock: Clock, count: int, span: float, *, says: str) -> None:
        super().__init__(clock, count / span, count, latency=0.05, says=says)
        self.span, self.number = span, -1.0

    def admit(self, now: float) -> tuple[bool, float]:
        if now // self.span != self.number:
            self.number, self.tokens = now // self.span, self.burst
        good = self.tokens >= 1
        self.tokens -= good
        return good, (self.number + 1) * self.span - now


@pytest.mark.parametrize(
    "count, span, says, used, refused",
    [
        (10, 1.0, "", 0.85, 0.02),
        (100, 10.0, "", 0.85, 0.03),
        (100, 10.0, "seconds", 0.9, 0.02),
        (600, 60.0, "", 0.65, 0.06),  # a minute without a word of how long: much of it is spent finding that out
        (600, 60.0, "seconds", 0.9, 0.02),
    ],
)
@in_simulated_time
async def test_windows_of_time(
    certhia_clock: SimClock, count: int, span: float, says: str, used: float, refused: float
) -> None:
    bucket = Windows(certhia_clock, count, span, says=says)
    await drive(bucket, Paces(certhia_clock).host("https://log.test/"), 16)
    assert bucket.allowed >= used * bucket.rate * MINUTES
    assert bucket.refused <= refused * bucket.allowed


@in_simulated_time
async def test_two_logs_of_one_host_share_its_pace(certhia_clock: SimClock) -> None:
    paces = Paces(certhia_clock)
    assert paces.host("https://log.test/a/") is paces.host("https://LOG.test/b/")
    assert paces.host("https://log.test/") is not paces.host("https://log.test:8443/")


@in_simulated_time
async def test_what_was_learned_survives_a_restart(certhia_clock: SimClock) -> None:
    bucket = Bucket(certhia_clock, 10, 10)
    paces = Paces(certhia_clock, remembered={"other.test": 3.0})
    await drive(bucket, paces.host("https://log.test/"), 8)
    learned = paces.remember()
    assert learned["log.test"] == pytest.approx(10, rel=0.15)
    assert learned["other.test"] == 3.0
    again = Bucket(certhia_clock, 10, 10)
    await drive(again, Paces(certhia_clock, remembered=learned).host("https://log.test/"), 8, seconds=60)
    assert again.allowed >= 0.9 * 10 * 60
    assert again.refused <= 0.02 * again.allowed


@pytest.mark.parametrize("remembered", [5.0, 20.0, float("nan"), -1.0, 0.0, float("inf"), 1e-9])
@in_simulated_time
async def test_what_is_remembered_may_be_wrong(certhia_clock: SimClock, remembered: float) -> None:
    bucket = Bucket(certhia_clock, 10, 10)
    await drive(bucket, Paces(certhia_clock, remembered={"log.test": remembered}).host("https://log.test/"), 8)
    if remembered > 0.001 or not remembered > 0:
        assert bucket.allowed >= 0.85 * 10 * MINUTES
    assert bucket.refused <= 0.02 * bucket.allowed


@in_simulated_time
async def test_a_limit_that_is_lifted_is_noticed(certhia_clock: SimClock) -> None:
    bucket = Bucket(certhia_clock, 10, 10)
    pace = Paces(certhia_clock).host("https://log.test/")
    await drive(bucket, pace, 8, 120)
    bucket.rate, bucket.burst, before = 1e9, 1e9, bucket.allowed
    await drive(bucket, pace, 4, 240)
    assert (bucket.allowed - before) / 240 > 50


@in_simulated_time
async def test_a_host_that_refuses_everything_is_asked_ever_less(certhia_clock: SimClock) -> None:
    bucket = Bucket(certhia_clock, 1e-9, 0.0)
    pace = Paces(certhia_clock).host("https://log.test/")
    await drive(bucket, pace, 8, 3600)
    assert bucket.refused <= 14
    bucket.rate, bucket.burst = 10, 10
    await drive(bucket, pace, 8, 1200)
    assert bucket.allowed >= 0.4 * 10 * 1200


@in_simulated_time
async def test_retry_after_is_waited_for(certhia_clock: SimClock) -> None:
    pace = Paces(certhia_clock).host("https://log.test/")
    async with pace.slot():
        pace.throttled(120.0)
    before = certhia_clock.monotonic()
    async with pace.slot():
        assert certhia_clock.monotonic() - before >= 120.0
        pace.ok()


@in_simulated_time
async def test_a_host_without_a_limit_is_never_held_back(certhia_clock: SimClock) -> None:
    bucket = Bucket(certhia_clock, 1e9, 1e9, latency=0.01)
    pace = Paces(certhia_clock).host("https://log.test/")
    await drive(bucket, pace, 16, 10)
    assert bucket.busiest == 16
    assert bucket.allowed >= 0.9 * 16 / 0.01075 * 10
    assert pace.rate is None


@in_simulated_time
async def test_starts_with_one_request_and_widens(certhia_clock: SimClock) -> None:
    bucket = Bucket(certhia_clock, 1e9, 1e9, latency=1.0)
    pace = Paces(certhia_clock).host("https://log.test/")
    await drive(bucket, pace, 16, 2.1)
    assert bucket.busiest == 1
    await drive(bucket, pace, 16, 10)
    assert bucket.busiest >= 4


@in_simulated_time
async def test_failures_narrow_it(certhia_clock: SimClock) -> None:
    pace = Paces(certhia_clock).host("https://log.test/")
    for _ in range(100):
        async with pace.slot():
            pace.ok()
    for _ in range(20):
        async with pace.slot():
            pace.failed()
    busiest = 0

    async def one() -> None:
        nonlocal busiest
        async with pace.slot():
            busiest = max(busiest, pace.flying)
            await certhia_clock.sleep(1)
            pace.failed()

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(one())
    assert busiest == 1


@in_simulated_time
async def test_first_requests_of_many_hosts_are_spread_within_a_second(certhia_clock: SimClock) -> None:
    paces = Paces(certhia_clock)
    begun = certhia_clock.monotonic()
    starts: list[float] = []

    async def first(number: int) -> None:
        async with paces.host(f"https://log{number}.test/").slot():
            starts.append(certhia_clock.monotonic() - begun)

    async with asyncio.TaskGroup() as group:
        for number in range(60):
            group.create_task(first(number))
    assert starts[0] == 0.0
    assert max(starts) < 1.0
    assert len({round(start, 2) for start in starts}) > 20


@pytest.mark.parametrize("rate", [0.5, 7.0, 60.0])
@in_simulated_time
async def test_max_rate_is_kept_within_five_hundredths(certhia_clock: SimClock, rate: float) -> None:
    paces = Paces(certhia_clock, max_rate=rate)
    buckets = [Bucket(certhia_clock, 1e9, 1e9) for _ in range(5)]
    async with asyncio.TaskGroup() as group:
        for number, bucket in enumerate(buckets):
            group.create_task(drive(bucket, paces.host(f"https://log{number}.test/"), 4, 60))
    total = sum(bucket.allowed for bucket in buckets)
    assert 0.95 * rate * 60 <= total <= 1.05 * rate * 60 + 1
    assert max(bucket.allowed for bucket in buckets) - min(bucket.allowed for bucket in buckets) <= 2


@pytest.mark.parametrize("most", [1, 3])
@in_simulated_time
async def test_max_parallel_is_exact_and_shared_fairly(certhia_clock: SimClock, most: int) -> None:
    paces = Paces(certhia_clock, max_parallel=most)
    busy = busiest = 0
    served: dict[int, int] = {}

    async def ask(number: int) -> None:
        nonlocal busy, busiest
        pace = paces.host(f"https://log{number}.test/")
        while True:
            async with pace.slot():
                busy += 1
                busiest = max(busy, busiest)
                await certhia_clock.sleep(0.1)
                busy -= 1
                served[number] = served.get(number, 0) + 1
                pace.ok()

    with suppress(TimeoutError):
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for number, parallel in ((0, 1), (1, 1), (2, 20), (3, 1)):
                for _ in range(parallel):
                    group.create_task(ask(number))
    assert busiest == most
    assert sum(served.values()) >= 0.95 * most * 600
    assert max(served.values()) <= 1.7 * min(served.values())


@in_simulated_time
async def test_a_cancelled_wait_leaves_nothing_behind(certhia_clock: SimClock) -> None:
    paces = Paces(certhia_clock, max_rate=1.0, max_parallel=1)
    pace = paces.host("https://log.test/")
    for delay in (0.0, 0.3, 1.0, 2.5):
        bucket = Bucket(certhia_clock, 1e9, 1e9, latency=0.5)
        await drive(bucket, pace, 5, delay)
    assert pace.flying == 0
    async with asyncio.timeout(2.0), pace.slot():
        pace.ok()


@in_simulated_time
async def test_requests_that_can_wait_let_all_others_go_first(certhia_clock: SimClock) -> None:
    pace = Paces(certhia_clock, max_rate=10).host("https://log.test/")
    order: list[str] = []

    async def one(kind: str) -> None:
        async with pace.later() if kind == "later" else pace.slot():
            order.append(kind)
            await certhia_clock.sleep(0.05)
            pace.ok()

    async with asyncio.TaskGroup() as group:
        for kind in ["later"] * 20 + ["now"] * 20:
            group.create_task(one(kind))
    assert len(order) == 40
    assert order.index("now") <= 2
    assert "later" not in order[3:22]


@in_simulated_time
async def test_requests_that_can_wait_go_where_nobody_else_does(certhia_clock: SimClock) -> None:
    pace = Paces(certhia_clock, max_rate=10).host("https://log.test/")
    done: list[float] = []

    async def now() -> None:
        async with pace.slot():
            await certhia_clock.sleep(100)
            pace.ok()

    async def later() -> None:
        async with pace.later():
            pace.ok()
        done.append(certhia_clock.monotonic())

    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(now()) for _ in range(2)]
        await certhia_clock.sleep(0.01)
        began = certhia_clock.monotonic()
        group.create_task(later())
        await certhia_clock.sleep(1)
        for task in waiting:
            task.cancel()  # the one in line ends without a request
    assert done[0] - began < 3


@pytest.mark.parametrize("options", [{"max_rate": 0.0}, {"max_rate": -1.0}, {"max_parallel": 0}])
def test_limits_that_let_nothing_through_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="let nothing through"):
        Paces(Clock(), **options)  # type: ignore[arg-type]
