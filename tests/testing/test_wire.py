from __future__ import annotations

import pytest

from certhia.clock import Clock
from certhia.errors import RemoteError
from certhia.net import Http
from certhia.testing import FakeLog, Fault, World, in_simulated_time
from certhia.testing.wire import cut, delay, endless, throttle


def filled(world: World) -> FakeLog:
    log = world.rfc6962("alpha")
    world.grow(20)
    return log


BROKEN = [
    (cut(100), r"connection|ended|closed|incomplete|not enough data|payload"),
    (endless(), r"more than the|larger than"),
]


@pytest.mark.parametrize("fault, reason", BROKEN)
async def test_what_the_wire_breaks_is_an_error_on_a_real_one(certhia_world: World, fault: Fault, reason: str) -> None:
    log = filled(certhia_world)
    log.hooks.append(fault)
    async with certhia_world.serve():
        http = Http(clock=Clock(), user_agent="test")
        with pytest.raises(RemoteError, match=f"(?i){reason}"):
            await http.get(f"{log.url}ct/v1/get-entries?start=0&end=9", cap=1 << 20, timeout=20)
        await http.close()


@pytest.mark.parametrize("fault", [delay(0.01), throttle(1e7)])
async def test_what_it_only_slows_arrives_whole(certhia_world: World, fault: Fault) -> None:
    log = filled(certhia_world)
    async with certhia_world.serve():
        http = Http(clock=Clock(), user_agent="test")
        url = f"{log.url}ct/v1/get-entries?start=0&end=9"
        plain = await http.get(url, cap=1 << 20, timeout=20)
        log.hooks.append(fault)
        assert (await http.get(url, cap=1 << 20, timeout=20)).body == plain.body
        assert fault.hits == 1
        await http.close()


@in_simulated_time
async def test_in_process_it_is_the_same(certhia_world: World) -> None:
    log = filled(certhia_world)
    transport = certhia_world.transport()
    url = f"{log.url}ct/v1/get-sth"
    size = len((await transport.get(url)).body)
    for fault, reason in ((cut(10), "broke after 10 bytes"), (endless(), "larger than"), (throttle(1), "no answer")):
        log.hooks[:] = [fault]
        with pytest.raises(RemoteError, match=reason):
            await transport.get(url, timeout=30)
    log.hooks[:] = [throttle(10)]
    begun = certhia_world.clock.monotonic()
    await transport.get(url, timeout=600)
    assert certhia_world.clock.monotonic() - begun >= size / 10
