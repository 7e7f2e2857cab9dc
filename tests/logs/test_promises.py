"""What became of promises: kept, not yet, broken, never made, by a log nobody knows, or by one that is down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certhia._core import Certificate, Issuers
from certhia.logs.client import LogClient, client
from certhia.logs.evidence import decode, encode
from certhia.logs.heard import Heard
from certhia.logs.judging import Verdict as Worth
from certhia.logs.judging import judge
from certhia.logs.pace import Paces
from certhia.logs.promises import Outcome, Prover, Verdict
from certhia.logs.status import longest_silence
from certhia.model import Log
from certhia.net import Response
from certhia.testing import FakeLog, Fault, Request, World, fail, in_simulated_time, old_head

KINDS = ["rfc6962", "static", "hybrid"]


async def judged(world: World, log: FakeLog, certificate: bytes, key: bytes, *, known: bool = True) -> Outcome:
    heard, paces, issuers = Heard(world.transport(latency=0.01), world.clock), Paces(world.clock), Issuers()

    def make(one: Log) -> LogClient:
        return client(one, heard, paces, issuers, world.clock)

    read = Certificate.from_der(certificate)
    prover = Prover({log.id: log.model} if known else {}, make, heard, world.clock)
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


def broken(world: World, kind: str, **options: object) -> tuple[FakeLog, bytes, bytes]:
    """A log that promised an eleventh entry and took none, the certificate and its issuer's key hash."""
    log: FakeLog = getattr(world, kind)("alpha", **options)
    world.grow(10)
    precert = world.ca.issue(["www.example.com"], precert=True)
    twin = FakeLog(log.name, log.protocol, world.clock, log.settings)
    assert twin.id == log.id
    twin.add(*(world.ca.issue([f"host{number}.test"]) for number in range(10)))
    (entry,) = twin.add(precert)
    return log, world.ca.finish(precert, [twin.sct(entry)]).der, precert.issuer_key_hash


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_broken(certhia_world: World, kind: str) -> None:
    """Another entry came where this was promised, and the time is over."""
    world = certhia_world
    log, final, key = broken(world, kind)
    await world.clock.sleep(log.settings.mmd + 60)
    world.grow(5)
    outcome = await judged(world, log, final, key)
    assert outcome.verdict is Verdict.BROKEN
    assert outcome.evidence is not None
    finding = judge(decode(encode(outcome.evidence)))
    assert all(check.holds for check in finding.checks)
    if kind == "static":
        assert outcome.reason == "promised as entry 10, and the head of 15 entries has another one there"
        assert finding.verdict is Worth.PROOF
        assert outcome.evidence.answers, "the tile with the other entry, as served"
    else:
        assert "promised by" in outcome.reason
        assert finding.verdict is Worth.OBSERVATION
        assert outcome.evidence.pledge is not None
        absent = outcome.evidence.pledge.absent
        assert absent is not None
        assert (absent.status, b"No leaf found" in absent.body) == (404, True)


@pytest.mark.parametrize("number", [10, 11])
@in_simulated_time
async def test_a_static_log_that_shows_another_entry_need_not_be_waited_for(certhia_world: World, number: int) -> None:
    """Its SCT says where the entry stands: one contradiction, in the last entry of the tree or not."""
    world = certhia_world
    log, final, key = broken(world, "static")
    world.grow(number - 9)
    outcome = await judged(world, log, final, key)
    assert outcome.verdict is Verdict.BROKEN
    assert outcome.evidence is not None
    assert judge(outcome.evidence).verdict is Worth.PROOF


@in_simulated_time
async def test_a_static_log_that_did_not_grow(certhia_world: World) -> None:
    """A head from after its time that does not reach the entry is proof by itself."""
    world = certhia_world
    log, final, key = broken(world, "static")
    await world.clock.sleep(log.settings.mmd + 60)
    log.publish()
    outcome = await judged(world, log, final, key)
    assert outcome.verdict is Verdict.BROKEN
    assert outcome.evidence is not None
    assert outcome.evidence.answers == ()
    finding = judge(outcome.evidence)
    assert finding.verdict is Worth.PROOF
    assert "number 10 of its tree" in finding.because


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_a_log_that_signs_no_head_any_more(certhia_world: World, kind: str) -> None:
    """By our own clock its time is over, and by no head of its own: that is not waited for for ever."""
    world = certhia_world
    log: FakeLog = getattr(world, kind)("alpha")
    world.grow(20)
    precert = world.ca.issue(["www.example.com"], precert=True)
    (entry,) = log.add(precert)
    final, key = world.ca.finish(precert, [log.sct(entry)]).der, precert.issuer_key_hash
    await world.clock.sleep(log.settings.mmd + longest_silence(log.model) - 10)
    assert (await judged(world, log, final, key)).verdict is Verdict.WAITS, "a head may be as old as that"
    await world.clock.sleep(60)
    outcome = await judged(world, log, final, key)
    assert outcome.verdict is Verdict.SILENT
    assert outcome.reason.endswith("broken, or the log is dead")
    assert outcome.evidence is not None
    finding = judge(decode(encode(outcome.evidence)))
    assert (finding.verdict, all(check.holds for check in finding.checks)) == (Worth.OBSERVATION, True)
    early = replace(outcome.evidence, at=outcome.evidence.at - 3600)
    assert judge(early).verdict is Worth.NOTHING, "when the log still had time"
    old = old_head(log.head, times=2)
    log.publish()
    log.hooks.append(old)
    assert (await judged(world, log, final, key)).verdict is Verdict.KEPT, "one of three heads is new"


@in_simulated_time
async def test_front_ends_that_know_no_proof_break_no_promise(certhia_world: World) -> None:
    world = certhia_world
    log = world.rfc6962("alpha")
    world.grow(20)
    precert = world.ca.issue(["www.example.com"], precert=True)
    (entry,) = log.add(precert)
    final = world.ca.finish(precert, [log.sct(entry)]).der
    await world.clock.sleep(log.settings.mmd + 60)
    log.publish()
    log.hooks.append(fail(400, endpoints=["get-proof-by-hash"]))
    outcome = await judged(world, log, final, precert.issuer_key_hash)
    assert (outcome.verdict, outcome.evidence) == (Verdict.UNASKED, None)
    assert "ask again" in outcome.reason


@in_simulated_time
async def test_a_front_end_that_lags_breaks_no_promise(certhia_world: World) -> None:
    world = certhia_world
    log = world.rfc6962("alpha")
    precert = world.ca.issue(["www.example.com"], precert=True)
    (entry,) = log.add(precert)
    final = world.ca.finish(precert, [log.sct(entry)]).der
    await world.clock.sleep(log.settings.mmd + 60)
    log.publish()
    log.hooks.append(fail(404, endpoints=["get-proof-by-hash"], times=2))
    assert (await judged(world, log, final, precert.issuer_key_hash)).verdict is Verdict.KEPT


@in_simulated_time
async def test_broken_also_where_the_log_shows_no_more(certhia_world: World) -> None:
    """The verdict stands on what was proven before; its evidence is then worth nothing."""
    world = certhia_world
    log, final, key = broken(world, "static")
    world.grow(5)
    served = 0

    def outage(request: Request) -> Response | None:
        nonlocal served
        served += request.endpoint.startswith("tile/")
        return Response(500, b"", {}) if served > 1 else None

    log.hooks.append(Fault(outage))
    outcome = await judged(world, log, final, key)
    assert outcome.verdict is Verdict.BROKEN
    assert "could not be had again" in outcome.reason
    assert outcome.evidence is not None
    assert judge(outcome.evidence).verdict is Worth.NOTHING
