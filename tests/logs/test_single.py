from __future__ import annotations

import asyncio
from collections.abc import Mapping

from certhia._core import Issuers
from certhia.logs.client import client
from certhia.logs.pace import Paces
from certhia.logs.reading import Reading
from certhia.logs.rfc6962 import Rfc6962Client
from certhia.logs.single import ALIKE, Single, Singles, turns_of
from certhia.net import Response
from certhia.testing import SimClock, World, in_simulated_time


class Slow:
    """A server that answers after a second; it knows when it was asked, and how many asked at once."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self.at: list[float] = []
        self.now = self.most = 0

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        del url, headers, cap, timeout
        self.at.append(self._clock.monotonic())
        self.now += 1
        self.most = max(self.most, self.now)
        await self._clock.sleep(1.0)
        self.now -= 1
        return Response(200, b"{}")

    async def close(self) -> None:
        """Nothing to close."""


def test_logs_are_known_by_their_urls() -> None:
    world = World()
    alpha, beta = world.rfc6962("alpha").model, world.static("beta").model
    fast = Single(rate=5)
    singles = Singles({alpha.submission_url.rstrip("/") + "/ct/v1": fast, "https://none.example/": Single(poll=90)})
    assert singles.of(alpha) is fast
    assert singles.of(beta) is ALIKE
    assert singles.strange([alpha, beta]) == ["https://none.example/"]
    assert singles.slowest == 90
    assert Singles({beta.monitoring_url: fast}).of(beta) is fast
    assert Singles().slowest == 0


def test_how_a_log_is_read() -> None:
    world = World()
    alpha, beta = world.rfc6962("alpha").model, world.static("beta").model
    reading = Reading(singles=Singles({alpha.url: Single(parallel=2, poll=7)}))
    assert (reading.of(alpha).poll_rfc6962, reading.of(alpha).poll_static, reading.of(alpha).parallel) == (7, 7, 2)
    assert reading.of(beta) is reading


def test_turns_are_shared_and_cost_nothing_unless_asked_for() -> None:
    world = World()
    alpha, beta = world.rfc6962("alpha").model, world.rfc6962("beta").model
    paces = Paces(world.clock, singles=Singles({alpha.url: Single(rate=2), beta.url: Single(page=5)}))
    assert paces.turns(alpha) is not None
    assert paces.turns(alpha) is paces.turns(alpha)
    assert paces.turns(beta) is None
    assert turns_of(ALIKE, world.clock) is None
    before = paces.turns(alpha)
    paces.singles = Singles({alpha.url: Single(rate=3)})
    assert paces.turns(alpha) is not before


@in_simulated_time
async def test_requests_keep_to_the_rate_and_the_number_of_one_log(
    certhia_world: World, certhia_clock: SimClock
) -> None:
    log, server = certhia_world.rfc6962("alpha").model, Slow(certhia_clock)
    paces = Paces(certhia_clock, singles=Singles({log.url: Single(rate=0.5, parallel=1)}))
    turns = paces.turns(log)
    assert turns is not None
    slot = turns.within(paces.host(log.url).slot)

    async def ask() -> None:
        async with slot():
            await server.get(log.url)
            paces.host(log.url).ok()

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(ask())
    gaps = [later - before for before, later in zip(server.at, server.at[1:], strict=False)]
    assert all(gap >= 2 for gap in gaps)
    assert sum(gaps) == 6
    assert server.most == 1


@in_simulated_time
async def test_a_request_that_is_given_up_leaves_its_place(certhia_world: World, certhia_clock: SimClock) -> None:
    log, server = certhia_world.rfc6962("alpha").model, Slow(certhia_clock)
    turns = turns_of(Single(parallel=1), certhia_clock)
    assert turns is not None
    slot = turns.within(Paces(certhia_clock).host(log.url).slot)

    async def ask() -> None:
        async with slot():
            await server.get(log.url)

    task = asyncio.ensure_future(ask())
    await certhia_clock.sleep(0.5)
    task.cancel()
    await asyncio.wait([task])
    await ask()
    assert certhia_clock.monotonic() > 1


def test_the_page_that_is_asked_for() -> None:
    world = World()
    log = world.rfc6962("alpha").model
    paces = Paces(world.clock, singles=Singles({log.url: Single(page=32)}))
    reader = client(log, world.transport(), paces, Issuers(), world.clock)
    assert isinstance(reader, Rfc6962Client)
    assert reader.plan(0, 1000) == 32
