"""Faults L18 to L23: entries that nobody can read or believe, lists that lie, logs that change and end."""

from __future__ import annotations

import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.logs.bench import KINDS, Bench, fill, make
from tests.rig import Rig

from certhia.errors import RemoteError
from certhia.logs.lists import Lists
from certhia.logs.reading import Reading
from certhia.model import Protocol
from certhia.net import Response
from certhia.testing import FakeLog, SimClock, Submission, World, in_simulated_time
from certhia.testing.faults import find
from certhia.testing.hostile import false_extra, huge, new_type, poisoned_list

MINUTE = 60.0
HOUR = 60 * MINUTE
PAGES = r"get-entries|tile/data"
READING = Reading(patience=0)
SLOW = Reading(patience=0, poll_static=300, poll_rfc6962=300)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l18_huge_leaf(certhia_world: World, kind: Protocol) -> None:
    """All entries are proven; of a tile over 64 MiB no more is unpacked than that, which is an alarm, once."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=SLOW)
    async with bench.following():
        await bench.clock.sleep(MINUTE)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        huge(log, count=5)
        log.publish()
        fill(certhia_world, log, 300)
        huge_from = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # what the log itself takes
        await bench.clock.sleep(4 * HOUR)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bench.check()
    assert bench.status.failures == 0
    tiled = kind is Protocol.STATIC
    assert ("in those from 256 on" in bench.status.unreadable) == tiled
    assert bench.status.quarantined == (512 - 300 if tiled else 5)  # they are no certificates either
    assert before <= huge_from <= after <= huge_from + (700 << 10)


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l19_new_type(certhia_world: World, kind: Protocol) -> None:
    """The root is the log's, the entry is quarantined; where it hides the others of its tile, that is one alarm."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    new_type(log)
    fill(certhia_world, log, 400)
    bench = Bench(certhia_world, log, reading=READING)
    async with bench.following():
        await bench.clock.sleep(30 * MINUTE)
        bench.check()
        asked = bench.wire.count(PAGES)
        new_type(log)
        fill(certhia_world, log, 5)
        await bench.clock.sleep(HOUR)
    bench.check()
    tiled = kind is Protocol.STATIC
    assert bench.status.quarantined == ((512 - 300) + 6 if tiled else 2)
    assert ("2 tiles by now" in bench.status.unreadable) == tiled, "the second is told too"
    assert asked <= (50 if tiled else 25), "no storm"


@pytest.mark.parametrize("kind", [Protocol.STATIC, Protocol.HYBRID])
@in_simulated_time
async def test_l19_a_tile_that_is_only_ill_for_a_time_costs_no_entry(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 512)
    log.on_request = lambda request: (
        Response(200, request.log.serve(request).body[:5000], {}) if request.endpoint == "tile/data" else None
    )
    bench = Bench(certhia_world, log, reading=READING)
    async with bench.following():
        await bench.clock.sleep(10 * MINUTE)
        log.on_request = None
        await bench.clock.sleep(2 * HOUR)
    bench.check()
    assert (bench.status.quarantined, bench.status.unreadable) == (0, "")


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l20_false_extra(certhia_world: World, kind: Protocol, tmp_path: Path) -> None:
    """The match is told, from the leaf; what stands beside the leaf is not believed, and that is said."""
    log = make(certhia_world, kind)
    victim = certhia_world.ca.issue(["victim.example.com"], precert=True)
    other = certhia_world.ca.issue(["other.example.org"], precert=True, precert_signer=True)
    log.add(victim)
    log.publish()
    log.hooks.append(false_extra(0, Submission.of(other)))
    rig = Rig(certhia_world, tmp_path)
    await rig.run(MINUTE)
    (told,) = [delivery.match for delivery in rig.sheet.told]
    assert told.names == ("victim.example.com",)
    assert told.unproven
    assert told.tbs_sha256 == victim.tbs_sha256
    assert told.sha256 != victim.sha256
    assert rig.pipeline.summary().verified == 1


def _poisoned(world: World, how: str) -> tuple[bytes, bytes]:
    """A list and its signature, of which at least one is bad."""
    body = {"empty": poisoned_list(world.log_list()), "most gone": poisoned_list(world.log_list(), keep=3)}.get(how)
    if body is None:
        return world.log_list() + b"\n", world.log_list_signature()
    return body, b"no signature"


@pytest.mark.parametrize("how", ["empty", "most gone", "signature"])
@pytest.mark.parametrize("signed", [False, True])
@in_simulated_time
async def test_l21_poisoned_list(certhia_world: World, how: str, signed: bool, tmp_path: Path) -> None:
    """No log is lost: the list is refused, with a word, and the last good one stays in use."""
    if how == "signature" and not signed:
        return  # a list without one has none that could be bad
    for number in range(10):
        certhia_world.rfc6962(f"log{number}")
    transport = certhia_world.transport()
    key = certhia_world.list_key.encode() if signed else None
    place = f"{certhia_world.base_url}log_list.json"
    lists = Lists(transport, certhia_world.clock, tmp_path, lists=(), files=(place,), key=key)
    good = await lists.load()
    body, signature = _poisoned(certhia_world, how)
    certhia_world.pages["/log_list.json"] = Response(200, body, {})
    certhia_world.pages["/log_list.sig"] = Response(200, signature, {})
    poisoned = await lists.load()
    assert poisoned.logs == good.logs
    assert not poisoned.complete
    assert any("is used instead" in notice for notice in poisoned.notices)
    certhia_world.pages.clear()
    assert (await lists.load()).complete


@in_simulated_time
async def test_l21_shards_that_ended_may_go(certhia_world: World, tmp_path: Path) -> None:
    """They are not followed, so a list without them takes nothing away; as many running ones would."""
    now = datetime.fromtimestamp(certhia_world.clock.now(), UTC)
    ended = (now - timedelta(days=400), now - timedelta(days=35))
    for number in range(10):
        certhia_world.rfc6962(f"log{number}", interval=ended if number % 2 else None)
    place = f"{certhia_world.base_url}log_list.json"
    lists = Lists(certhia_world.transport(), certhia_world.clock, tmp_path, lists=(), files=(place,))
    await lists.load()
    for number in range(1, 10, 2):
        del certhia_world.logs[f"log{number}"]
    loaded = await lists.load()
    assert (len(loaded.logs), loaded.complete, loaded.notices) == (5, True, ())
    for number in (0, 2):
        del certhia_world.logs[f"log{number}"]
    refused = await lists.load()
    assert len(refused.logs) == 5
    assert "drops 2 of 5 logs that are followed and is refused" in refused.notices[0]


@in_simulated_time
async def test_l21_without_any_list_nothing_begins(certhia_world: World, tmp_path: Path) -> None:
    """The first list is one that we can't check against another: no list is an error, and not an empty one."""
    place = f"{certhia_world.base_url}log_list.json"
    certhia_world.pages["/log_list.json"] = Response(200, b"{}", {})
    lists = Lists(certhia_world.transport(), certhia_world.clock, tmp_path, lists=(), files=(place,))
    with pytest.raises(RemoteError, match="log list"):
        await lists.load()


@pytest.mark.parametrize("left", [0, 6])
@in_simulated_time
async def test_l21_a_list_of_ones_own_is_guarded_too(certhia_world: World, tmp_path: Path, left: int) -> None:
    """While running and over a restart: all logs are followed on, which is an alarm until there is a good list."""
    for number in range(10):
        certhia_world.rfc6962(f"log{number}")
    certhia_world.grow(100)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh, rig.reading = 10 * MINUTE, SLOW
    poisoned = Response(200, poisoned_list(certhia_world.log_list(), keep=left), {})
    async with rig.running() as pipeline:
        await rig.clock.sleep(2 * MINUTE)
        certhia_world.pages["/log_list.json"] = poisoned
        await rig.clock.sleep(18 * MINUTE)
        assert [status.finished for status in pipeline.statuses()] == [""] * 10
        (alarm,) = pipeline.progress().alarms
        assert alarm.text.endswith("is used instead")
        warnings = [text for level, _, text in rig.said if level == "warning" and "is used instead" in text]
        assert warnings == [alarm.text], "told once"
    async with rig.running() as pipeline:
        certhia_world.grow(100)
        await rig.clock.sleep(6 * MINUTE)
        assert len(pipeline.statuses()) == 10
        assert [one.key for one in pipeline.progress().alarms] == [alarm.key]
        certhia_world.pages.clear()
        await rig.clock.sleep(18 * MINUTE)
        assert pipeline.progress().alarms == ()
    await rig.check()


def _in(world: World, name: str) -> FakeLog:
    return world.logs[name]


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l22_changed_log(certhia_world: World, kind: Protocol, tmp_path: Path) -> None:
    """It goes on with its new parameters from where it was, within one reload; the other is not touched."""
    for name in ("alpha", "beta"):
        fill(certhia_world, make(certhia_world, kind, name), 300)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh, rig.reading = 10 * MINUTE, SLOW
    async with rig.running() as pipeline:
        await rig.clock.sleep(2 * MINUTE)
        positions = {status.log.description: status.position for status in pipeline.statuses()}
        followers = dict(pipeline._followers)
        find("L22").install(certhia_world, _in(certhia_world, "alpha"))
        await rig.clock.sleep(11 * MINUTE)
        names = {status.log.description: status.position for status in pipeline.statuses()}
        assert names == {"alpha (renamed)": positions["alpha"], "beta": positions["beta"]}
        changed = [key for key, follower in pipeline._followers.items() if follower is not followers[key]]
        assert changed == [_in(certhia_world, "alpha").id]
        fill(certhia_world, _in(certhia_world, "alpha"), 300)
        await rig.clock.sleep(10 * MINUTE)
    assert rig.summary is not None
    assert (rig.summary.entries, rig.summary.verified) == (900, 900)
    assert len(rig.sheet.told) == len({delivery.match.key for delivery in rig.sheet.told})
    await rig.check()


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l23_rollover(certhia_world: World, certhia_clock: SimClock, kind: Protocol, tmp_path: Path) -> None:
    """The old shard is read to its final head and finishes, the new one from its first entry: none missing."""
    old = make(certhia_world, kind, mmd=3600)
    fill(certhia_world, old, 300)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh, rig.reading = 10 * MINUTE, SLOW
    async with rig.running() as pipeline:
        await rig.clock.sleep(2 * MINUTE)
        old.add(certhia_world.ca.issue(["last.example.com"]))
        find("L23").install(certhia_world, old)
        new = _in(certhia_world, "alpha-next")
        for number in range(5):
            new.add(certhia_world.ca.issue([f"next{number}.example.com"]))
            new.publish()
            await rig.clock.sleep(10 * MINUTE)
        certhia_clock.advance(26 * HOUR)
        await rig.clock.sleep(10 * MINUTE)
        statuses = {status.log.description: status for status in pipeline.statuses()}
        assert statuses["alpha"].finished == "ended at 301 entries with the final root of the log list"
        assert (statuses["alpha"].verified, statuses["alpha-next"].verified) == (301, 6)
        assert statuses["alpha-next"].finished == ""
        assert [alarm for status in statuses.values() for alarm in status.alarms] == []
    told = {name for delivery in rig.sheet.told for name in delivery.match.names}
    assert {"last.example.com", "first-of-alpha-next.example.com", *(f"next{n}.example.com" for n in range(5))} <= told
    await rig.check()
