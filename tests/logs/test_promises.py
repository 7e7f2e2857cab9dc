"""What became of promises: kept, not yet, broken, never made, by a log nobody knows, or by one that is down."""

from __future__ import annotations

import pytest

from certhia._core import Certificate, Issuers
from certhia.logs.client import LogClient, client
from certhia.logs.pace import Paces
from certhia.logs.promises import Outcome, Prover, Verdict
from certhia.model import Log
from certhia.testing import FakeLog, World, fail, in_simulated_time

KINDS = ["rfc6962", "static", "hybrid"]


async def judged(world: World, log: FakeLog, certificate: bytes, key: bytes, *, known: bool = True) -> Outcome:
    transport, paces, issuers = world.transport(latency=0.01), Paces(world.clock), Issuers()

    def make(one: Log) -> LogClient:
        return client(one, transport, paces, issuers, world.clock)

    read = Certificate.from_der(certificate)
    prover = Prover({log.id: log.model} if known else {}, make, world.clock)
    return await prover.judge(read.scts[0], read, key)


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_kept_or_not(certhia_world: World, kind: str) -> None:
    world = certhia_world
    log: FakeLog = getattr(world, kind)("alpha")
    world.grow(300)
    precert = world.ca.issue(["www.example.com"], precert=True)
    (entry,) = log.add(precert)
    final = world.ca.finish(precert, [log.sct(entry)]).der
    key = precert.issuer_key_hash

    waiting = await judged(world, log, final, key)
    assert waiting.verdict is Verdict.WAITS
    assert "has until" in waiting.reason

    log.publish()
    kept = await judged(world, log, final, key)
    assert (kept.verdict, kept.index) == (Verdict.KEPT, 300)
    assert kept.head is not None
    assert kept.head.size == 301

    assert (await judged(world, log, final, bytes(32))).verdict is Verdict.FALSE
    assert (await judged(world, log, final, key, known=False)).verdict is Verdict.UNKNOWN
    log.hooks.append(fail(503))
    down = await judged(world, log, final, key)
    assert down.verdict is Verdict.UNASKED
    assert "503" in down.reason


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_broken(certhia_world: World, kind: str) -> None:
    """Another entry came where this was promised, and the time is over."""
    world = certhia_world
    log: FakeLog = getattr(world, kind)("alpha")
    world.grow(10)
    precert = world.ca.issue(["www.example.com"], precert=True)
    twin = FakeLog(log.name, log.protocol, world.clock, log.settings)
    assert twin.id == log.id
    twin.add(*(world.ca.issue([f"host{number}.test"]) for number in range(10)))
    (entry,) = twin.add(precert)
    final = world.ca.finish(precert, [twin.sct(entry)]).der
    await world.clock.sleep(log.settings.mmd + 60)
    world.grow(5)
    outcome = await judged(world, log, final, precert.issuer_key_hash)
    assert outcome.verdict is Verdict.BROKEN
    assert "promised by" in outcome.reason
