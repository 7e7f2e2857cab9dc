from __future__ import annotations

import json

import pytest

from certhia.errors import RemoteError
from certhia.testing import (
    FakeLog,
    RateLimit,
    SimClock,
    World,
    fail,
    in_simulated_time,
    lag,
    old_head,
    short,
    silent,
    slow,
)


@pytest.fixture
def log(certhia_world: World) -> FakeLog:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(50)
    return log


def statuses(world: World, log: FakeLog, path: str, count: int) -> list[int]:
    return [world.handle("GET", f"{log.url}ct/v1/{path}").status for _ in range(count)]


def test_failing_so_many_times(certhia_world: World, log: FakeLog) -> None:
    log.hooks.append(fault := fail(503, times=2, endpoints=["get-sth"], retry_after="7"))
    assert statuses(certhia_world, log, "get-entries?start=0&end=1", 1) == [200]
    refused = certhia_world.handle("GET", f"{log.url}ct/v1/get-sth")
    assert (refused.status, refused.headers["retry-after"]) == (503, "7")
    assert statuses(certhia_world, log, "get-sth", 3) == [503, 200, 200]
    assert fault.hits == 2


def test_failing_now_and_then(certhia_world: World, log: FakeLog) -> None:
    log.hooks.append(fault := fail(500, every=3))
    fault.skip = 1
    assert statuses(certhia_world, log, "get-sth", 8) == [200, 200, 200, 500, 200, 200, 500, 200]


def test_lag_hides_entries_and_not_heads(certhia_world: World, log: FakeLog) -> None:
    log.hooks.append(lag(20, times=2))
    assert statuses(certhia_world, log, "get-sth", 1) == [200]
    assert statuses(certhia_world, log, "get-entries?start=20&end=30", 2) == [400, 200]
    assert log.visible is None


def test_short_answers(certhia_world: World, log: FakeLog) -> None:
    log.hooks.append(short(3, 1))
    counts = []
    for _ in range(3):
        answer = certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=30")
        counts.append(len(json.loads(answer.body)["entries"]))
    assert counts == [3, 1, 3]


def test_old_heads(certhia_world: World, log: FakeLog) -> None:
    log.hooks.append(old_head(log.heads[0], times=1))
    sizes = [json.loads(certhia_world.handle("GET", f"{log.url}ct/v1/get-sth").body)["tree_size"] for _ in range(2)]
    assert sizes == [0, 50]
    assert log.head is log.heads[-1]


@in_simulated_time
async def test_silence_and_slowness(certhia_world: World, certhia_clock: SimClock) -> None:
    log = certhia_world.static("beta")
    log.hooks += [silent(times=1), slow(20)]
    transport = certhia_world.transport()
    with pytest.raises(RemoteError, match="closed the connection"):
        await transport.get(f"{log.url}checkpoint")
    assert (await transport.get(f"{log.url}checkpoint")).body == log.head.body
    assert certhia_clock.monotonic() == 20
    with pytest.raises(RemoteError, match="no answer within 5 s"):
        await transport.get(f"{log.url}checkpoint", timeout=5)
    assert certhia_clock.monotonic() == 25
    assert certhia_world.handle("GET", f"{log.url}checkpoint").status == 200
    log.hooks.insert(0, silent())
    assert certhia_world.handle("GET", f"{log.url}checkpoint").status == 502


def test_a_rate_limit_is_a_token_bucket(certhia_world: World, log: FakeLog, certhia_clock: SimClock) -> None:
    log.hooks.append(limit := RateLimit(certhia_clock, rate=2, burst=3))
    assert statuses(certhia_world, log, "get-sth", 5) == [200, 200, 200, 429, 429]
    certhia_clock.advance(1)
    assert statuses(certhia_world, log, "get-sth", 3) == [200, 200, 429]
    certhia_clock.advance(100)
    assert statuses(certhia_world, log, "get-sth", 4) == [200, 200, 200, 429]
    assert (limit.allowed, limit.refused) == (8, 4)


@pytest.mark.parametrize(
    "form, header",
    [
        ("", None),
        ("seconds", "10"),
        ("date", "Fri, 20 Nov 2026 12:00:10 GMT"),
        ("sloppy", "Fri, 20 Nov 2026 12:00:10 UTC"),
        ("1000000000", "1000000000"),
    ],
)
def test_refusals_say_when_to_come_back(
    certhia_world: World, log: FakeLog, certhia_clock: SimClock, form: str, header: str | None
) -> None:
    limit = RateLimit(certhia_clock, rate=0.1, retry_after=form, endpoints=frozenset({"get-sth"}))
    log.hooks.append(limit)
    certhia_world.handle("GET", f"{log.url}ct/v1/get-sth")
    refused = certhia_world.handle("GET", f"{log.url}ct/v1/get-sth")
    assert (refused.status, refused.headers.get("retry-after")) == (429, header)
    assert statuses(certhia_world, log, "get-roots", 2) == [200, 200]
