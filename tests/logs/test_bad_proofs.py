"""Proofs that do not hold say nothing of the entries: an honest log is not frozen for them."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest
from tests.logs.bench import KINDS, Bench, fill, make
from tests.rig import Rig

from certhia.logs.reading import Reading
from certhia.logs.verify import UNPROVEN
from certhia.model import Health, Protocol
from certhia.net import Response
from certhia.testing import Fault, Request, World, in_simulated_time
from certhia.testing.hostile import flipped_tile

STATIC = Protocol.STATIC
kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
@pytest.mark.parametrize("times", [2, 4, 6])
@in_simulated_time
async def test_proofs_that_do_not_hold_freeze_no_honest_log(certhia_world: World, kind: Protocol, times: int) -> None:
    """The entries are right: sooner or later they give the root that was signed."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 100)
    bench = Bench(certhia_world, log, reading=Reading(verify_entries=64, patience=5))
    async with bench.following():
        await bench.clock.sleep(100)
        log.hooks.append(Fault(_no_proof, frozenset(("get-sth-consistency", "tile/0")), times))
        fill(certhia_world, log, 1000)
        await bench.clock.sleep(600)
    bench.check()
    assert bench.evidence == bench.kept == []
    assert bench.status.alarms == []


@in_simulated_time
async def test_a_log_that_proves_nothing_that_holds_is_told_until_it_does(certhia_world: World) -> None:
    """Its own hashes lead nowhere: of its entries that says nothing."""
    log = make(certhia_world, STATIC)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=1e6))
    async with bench.following():
        await bench.clock.sleep(100)
        log.hooks.append(flipped_tile(900))
        fill(certhia_world, log, 700)
        await bench.clock.sleep(UNPROVEN)
        assert bench.status.alarms == []
        await bench.clock.sleep(2 * UNPROVEN)
        (alarm,) = bench.status.alarms
        assert alarm.startswith("gives no proof that holds, of what was read nor of its own tree, for 15 min: ")
        assert bench.health() is not Health.FROZEN
        assert bench.status.position == 768
        log.hooks.clear()
        await bench.clock.sleep(3600)
        assert (bench.status.verified, bench.status.alarms) == (768, [])
    assert bench.evidence == []


@in_simulated_time
async def test_its_alarm_ends_also_where_the_list_changed_the_log(certhia_world: World, tmp_path: Path) -> None:
    """Another follower goes on, and knows what the one before it told."""
    log = make(certhia_world, STATIC)
    fill(certhia_world, log, 300)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh, rig.reading = 3600, Reading(patience=1e6)
    async with rig.running() as pipeline:
        await rig.clock.sleep(100)
        log.hooks.append(flipped_tile(900))
        fill(certhia_world, log, 700)
        await rig.clock.sleep(3 * UNPROVEN)
        (alarm,) = pipeline.statuses()[0].alarms
        log.state = "qualified"
        while not [text for _, _, text in rig.said if "changed in" in text]:
            await rig.clock.sleep(60)
        await rig.clock.sleep(60)
        assert pipeline.statuses()[0].alarms == [alarm]
        log.hooks.clear()
        await rig.clock.sleep(3600)
        assert pipeline.statuses()[0].alarms == []


def _no_proof(request: Request) -> Response:
    """As an answer should look, with hashes that lead nowhere."""
    if request.endpoint == "tile/0":
        return Response(200, bytes(len(request.log.serve(request).body)), {})
    return Response(200, json.dumps({"consistency": [b64encode(bytes(32)).decode()] * 3}).encode(), {})
