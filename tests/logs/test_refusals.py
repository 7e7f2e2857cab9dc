"""Older heads that a log shows and does not prove."""

from __future__ import annotations

import hashlib

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.logs.judging import Verdict, judge
from certhia.logs.reading import Origin
from certhia.logs.refusals import KEPT, REFUSED
from certhia.model import Health, Protocol
from certhia.net import Response
from certhia.quantity import Point
from certhia.testing import FakeLog, Fault, World, fail, in_simulated_time, old_head
from certhia.testing.false_heads import HEADS, signed

PROOFS = ["get-sth-consistency", "get-entry-and-proof", "get-proof-by-hash", "tile/0", "tile/1"]
NOW = Origin(Point("now"))
kinds = pytest.mark.parametrize("kind", KINDS)


def shows(log: FakeLog, *sizes: int) -> Fault:
    """Every second head is one of a tree that is not the log's, of each of these sizes in turn."""
    count = [0]

    def answer(_: object) -> Response:
        count[0] += 1
        size = sizes[count[0] % len(sizes)]
        return Response(200, signed(log, size, hashlib.sha256(b"fork").digest(), log.head.timestamp - 1).body, {})

    return Fault(answer, HEADS, every=2)


@kinds
@in_simulated_time
async def test_a_refusal_that_lasts_is_an_alarm_with_both_heads(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, NOW)
    refusal = fail(503, endpoints=PROOFS)
    async with bench.following():
        await bench.clock.sleep(100)
        log.hooks += [shows(log, 200), refusal]
        before = len(bench.wire.asked)
        await bench.clock.sleep(REFUSED - 100)
        assert bench.status.alarms == []
        asked = [url for url in bench.wire.asked[before:] if not url.endswith(("get-sth", "checkpoint"))]
        heads = len(bench.wire.asked) - before - len(asked)
        most = 3 if kind is Protocol.STATIC else 1  # requests for one question: tiles, whole and partial
        assert 0 < len(asked) <= most * heads + 5, "once a poll"
        await bench.clock.sleep(3 * REFUSED)
        (alarm,) = bench.status.alarms
        assert alarm.startswith("shows a head of 200 entries (root ")
        assert "refuses to prove that it is the beginning of its larger ones" in alarm
        assert alarm.endswith("; evidence: evidence/kept.json, for `certhia verify-evidence`")
        (found,) = bench.kept
        assert judge(found).verdict is Verdict.OBSERVATION
        assert bench.health() is not Health.FROZEN
        log.hooks.remove(refusal)
        await bench.clock.sleep(300)
    assert [text.partition(": ")[0] for text in bench.status.alarms] == ["frozen at 300"], "it had reason to refuse"


@kinds
@in_simulated_time
async def test_a_log_that_proves_it_after_all_is_well(certhia_world: World, kind: Protocol) -> None:
    """Also where the head is not shown any more: it is asked about all the same."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 200)
    early = log.head
    fill(certhia_world, log, 100)
    bench = Bench(certhia_world, log, NOW)
    refusal = fail(503, endpoints=PROOFS)
    async with bench.following():
        await bench.clock.sleep(100)
        log.hooks += [old_head(early, times=1), refusal]
        await bench.clock.sleep(REFUSED + 120)
        assert len(bench.status.alarms) == 1
        log.hooks.remove(refusal)
        await bench.clock.sleep(120)
        assert bench.status.alarms == []
        before = bench.wire.count("consistency|tile/0")
        await bench.clock.sleep(600)
        assert bench.wire.count("consistency|tile/0") == before, "not asked about again"
    assert bench.health() is not Health.FROZEN


@in_simulated_time
async def test_sizes_that_change_are_one_alarm_and_one_question_a_poll(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, NOW)
    async with bench.following():
        await bench.clock.sleep(100)
        log.hooks += [shows(log, *range(100, 100 + 3 * KEPT)), fail(404, endpoints=PROOFS)]
        before = bench.wire.count("get-sth$"), bench.wire.count("consistency")
        await bench.clock.sleep(8 * REFUSED)
        heads, proofs = bench.wire.count("get-sth$") - before[0], bench.wire.count("consistency") - before[1]
    assert len(bench.status.alarms) == 1
    assert proofs <= heads + 1
