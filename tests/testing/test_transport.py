from __future__ import annotations

import asyncio

import pytest

from certhia.errors import RemoteError
from certhia.net import Transport
from certhia.testing import SimClock, World, in_simulated_time


@in_simulated_time
async def test_keeps_the_contract(certhia_world: World, certhia_clock: SimClock) -> None:
    log = certhia_world.static("alpha")
    made = certhia_world.transport(latency=0.2)
    transport: Transport = made
    answer = await transport.get(f"{log.url}checkpoint", headers={"User-Agent": "x"})
    assert (answer.status, answer.body) == (200, log.head.body)
    assert log.recent[-1].headers == {"user-agent": "x"}
    assert certhia_clock.monotonic() == 0.2
    with pytest.raises(RemoteError, match="larger than 10 bytes"):
        await transport.get(f"{log.url}checkpoint", cap=10)
    with pytest.raises(RemoteError, match=r"no answer within 0\.1 s"):
        await transport.get(f"{log.url}checkpoint", timeout=0.1)
    assert (made.requests, made.bytes_in) == (3, len(answer.body))
    await transport.close()
    with pytest.raises(RemoteError, match="closed"):
        await transport.get(f"{log.url}checkpoint")


@in_simulated_time
async def test_counts_what_is_under_way(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    transport = certhia_world.transport(latency=1)
    await asyncio.gather(*(transport.get(f"{log.url}checkpoint") for _ in range(7)))
    assert (transport.busy, transport.busiest) == (0, 7)
