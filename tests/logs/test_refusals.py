"""Older heads that a log shows and does not prove."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.logs.bench import KINDS, Bench, fill, make
from tests.rig import Rig

from certhia.alarms.guard import Guarding
from certhia.logs.contradiction import FILES, Sight
from certhia.logs.judging import Verdict, judge
from certhia.logs.reading import Origin
from certhia.logs.refusals import KEPT, REFUSED, Refusals
from certhia.model import Head, Health, Protocol
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


@in_simulated_time
async def test_it_is_carried_over_to_the_next_follower_and_ends_there(certhia_world: World, tmp_path: Path) -> None:
    """The list changed the log: its alarm goes on, with one file, and is over when the proof comes."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 200)
    early = log.head
    fill(certhia_world, log, 100)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh = 3600
    rig.guarding = Guarding(interval=60, places=(tmp_path,))
    refusal = fail(503, endpoints=PROOFS)
    async with rig.running() as pipeline:
        await rig.clock.sleep(100)
        log.hooks += [old_head(early, times=1), refusal]
        await rig.clock.sleep(REFUSED + 200)
        (alarm,) = pipeline.statuses()[0].alarms
        log.state = "qualified"
        await rig.clock.sleep(3600 + REFUSED)
        assert [text for _, _, text in rig.said if "changed in" in text]
        assert pipeline.statuses()[0].alarms == [alarm]
        log.hooks.remove(refusal)
        await rig.clock.sleep(600)
        assert pipeline.statuses()[0].alarms == []
    assert len([text for level, _, text in rig.said if level == "error"]) == 1
    assert len(list((tmp_path / "evidence").iterdir())) == 1
    assert [text for _, _, text in rig.said if text.startswith("alarm over after ")]


@in_simulated_time
async def test_one_file_for_each_head_and_not_without_end(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 10)
    bench = Bench(certhia_world, log)
    follower = bench.follower
    refusals = Refusals(follower.status, follower._out, follower._verifier)
    larger = Sight(Head(10**6, b"l" * 32, 0, b"large"), 0.0)
    for size in range(1, 2 * FILES):
        older = Sight(Head(size, b"o" * 32, 0, b"old %d" % size), 0.0)
        for _ in range(2):
            for now in (0.0, REFUSED, REFUSED + 1):
                await refusals.refused(older, larger, now)
            assert len(bench.status.alarms) == 1
            refusals.settled(older)
            assert bench.status.alarms == []
    assert [one.heads[0].raw for one in bench.kept] == [b"old %d" % size for size in range(1, FILES + 1)]


@in_simulated_time
async def test_of_a_log_that_was_frozen_they_are_over(certhia_world: World) -> None:
    """Its freeze says more; and whoever accepted that has seen to it."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 10)
    before, after = Bench(certhia_world, log).follower, Bench(certhia_world, log).follower
    refusals = before._heads._refusals
    older, larger = (Sight(Head(size, b"o" * 32, 0, b"raw"), 0.0) for size in (5, 10**6))
    for now in (0.0, REFUSED, REFUSED + 1):
        await refusals.refused(older, larger, now)
    before.status.freezes("frozen at 5: two heads")
    assert len(before.status.alarms) == 2
    after.carry(before)
    assert after.status.alarms == []
    assert not after._heads._refusals.knows(older)
