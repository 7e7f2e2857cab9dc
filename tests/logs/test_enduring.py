"""A log that refuses is waited for, told of, and given up in the end."""

from __future__ import annotations

import pytest
from tests.logs.bench import Bench, fill, make

from certhia.errors import RemoteError
from certhia.logs.enduring import LONGEST, Enduring
from certhia.model import Protocol
from certhia.net import Response
from certhia.testing import Fault, World, fail, in_simulated_time


def refused(wait: int | None, **options: int) -> Fault:
    """429 to requests for entries."""
    headers = {} if wait is None else {"retry-after": str(wait)}
    return Fault(lambda _: Response(429, b"fewer", headers), frozenset({"get-entries"}), **options)


@pytest.mark.parametrize("wait", [None, 86_400])
@in_simulated_time
async def test_a_log_that_refuses_is_told_of_and_given_up(certhia_world: World, wait: int | None) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 50)
    said: list[str] = []
    client = Enduring(Bench(certhia_world, log).follower.client, certhia_world.clock, said.append)
    head = await client.head()
    log.hooks.append(refused(wait))
    begun = certhia_world.clock.monotonic()
    while not client.given_up:
        with pytest.raises(RemoteError):
            await client.fetch(0, 50, head.size)
    assert LONGEST <= certhia_world.clock.monotonic() - begun <= LONGEST + 1
    assert client.given_up.startswith("given up after 30 min without an answer: ")
    assert "429" in client.given_up
    (told,) = said
    assert told.startswith("keeps us waiting: ")
    asked = len(log.recent)
    with pytest.raises(RemoteError, match="given up after 30 min"):
        await client.head()
    assert len(log.recent) == asked, "it is not asked any more"


@in_simulated_time
async def test_each_answer_begins_its_time_anew(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 50)
    said: list[str] = []
    client = Enduring(Bench(certhia_world, log).follower.client, certhia_world.clock, said.append)
    for fault in (refused(1500, times=1), refused(1500, times=1), fail(500, endpoints=["get-entries"], times=1)):
        log.hooks.append(fault)
        with pytest.raises(RemoteError):
            await client.fetch(0, 50, 50)
        assert (await client.fetch(0, 50, 50)).count > 0
        await certhia_world.clock.sleep(5 * LONGEST)  # nothing is asked meanwhile
    assert client.given_up == ""
    assert len(said) == 2
