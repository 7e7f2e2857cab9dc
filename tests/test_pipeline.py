"""All logs together: one state, one transaction order, and no log's illness costs the others anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rig import LIST, Faulty, Rig

from certhia.errors import ConfigError, StateError
from certhia.logs.reading import Reading
from certhia.logs.select import Choice
from certhia.model import Health
from certhia.quantity import Point
from certhia.rules.watchlist import Watchlist
from certhia.testing import SimClock, World, fail, in_simulated_time, silent, slow
from certhia.testing.hostile import zero_page


def three(world: World) -> None:
    """A log of each kind."""
    world.rfc6962("one", max_get_entries=32)
    world.static("two")
    world.hybrid("three", max_get_entries=32)


def names(first: int, end: int) -> set[tuple[str, ...]]:
    return {(f"host{number}.example.com",) for number in range(first, end)}


@in_simulated_time
async def test_each_certificate_is_told_once_and_all_is_verified(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    certhia_world.grow(120)
    rig = Rig(certhia_world, tmp_path)
    async with rig.running():
        await rig.clock.sleep(10)
        certhia_world.grow(50)
        await rig.clock.sleep(20)
    await rig.check()
    assert rig.summary is not None
    assert (rig.summary.logs, rig.summary.entries, rig.summary.verified) == (3, 510, 510)
    assert (rig.summary.matches, rig.summary.sightings, rig.summary.quarantined) == (170, 340, 0)
    assert rig.summary.alarms == ()
    assert {delivery.match.names for delivery in rig.sheet.told} == names(0, 170)
    stored = await rig.stored()
    assert {match.sightings for match in stored.values()} == {3}
    assert all(match.verified for match in stored.values())
    assert rig.texts == []


@in_simulated_time
async def test_a_restart_loses_nothing_and_repeats_nothing(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    certhia_world.grow(120)
    rig = Rig(certhia_world, tmp_path)
    await rig.run(20)
    certhia_world.grow(100)
    rig.origin = Point("now")
    summary = await rig.run(20)
    await rig.check()
    assert len(rig.sheet.told) == 220
    assert (summary.entries, summary.verified, summary.matches, summary.sightings) == (300, 300, 100, 200)
    (resumed,) = [text for text in rig.texts if text.startswith("Resumed")]
    assert resumed.startswith("Resumed 3 logs at their verified positions, 300 entries behind")


@pytest.mark.parametrize("seconds", [0.001, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0])
@in_simulated_time
async def test_stopping_at_any_moment_loses_nothing(certhia_world: World, tmp_path: Path, seconds: float) -> None:
    three(certhia_world)
    certhia_world.grow(150)
    rig = Rig(certhia_world, tmp_path)
    for _ in range(3):
        begun = rig.clock.monotonic()
        await rig.run(seconds)
        assert rig.clock.monotonic() - begun <= seconds + 1.0, "ends within a second"
    await rig.run(20)
    await rig.check()
    assert len(rig.sheet.told) == 150


# --- faults in our own code ---


@pytest.mark.parametrize("at", range(1, 31))
@in_simulated_time
async def test_an_exception_at_any_request_costs_nobody_anything(certhia_world: World, tmp_path: Path, at: int) -> None:
    three(certhia_world)
    certhia_world.grow(80)
    rig = Rig(certhia_world, tmp_path)
    name = ("one", "two", "three")[at % 3]
    rig.transport = Faulty(rig.transport, 1 + at // 3, RuntimeError("unthought of"), lambda url: f"//{name}." in url)
    async with rig.running() as pipeline:
        await rig.clock.sleep(8)
        certhia_world.grow(20)
        await rig.clock.sleep(16)
        assert {status.health for status in pipeline.statuses()} == {Health.HEALTHY}
    await rig.check()
    assert len(rig.sheet.told) == 100
    assert rig.summary is not None
    assert (rig.summary.entries, rig.summary.verified, rig.summary.matches) == (300, 300, 100)
    assert rig.summary.sightings == 200
    assert {match.sightings for match in (await rig.stored()).values()} == {3}
    assert len([text for text in rig.texts if text.startswith("stopped by RuntimeError: unthought of")]) <= 1


@in_simulated_time
async def test_a_log_whose_code_always_breaks_is_tried_ever_more_rarely(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    certhia_world.grow(10)
    rig = Rig(certhia_world, tmp_path)

    class Broken(Faulty):
        async def get(self, url: str, **options: object):  # type: ignore[no-untyped-def]
            if "//one." in url:
                self.seen += 1
                raise RuntimeError("always")
            return await self.inner.get(url, **options)  # type: ignore[arg-type]

    rig.transport = broken = Broken(rig.transport, 0, RuntimeError(), lambda url: True)
    rig.reading = Reading(poll_static=600, poll_rfc6962=600)
    await rig.run(900)
    assert 8 <= broken.seen <= 10, "every five minutes in the end"
    assert len(rig.sheet.told) == 10


@in_simulated_time
async def test_an_unproven_log_begins_where_it_began_after_a_fault(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    certhia_world.grow(30)
    log.hooks.append(fail(404, endpoints=("get-entry-and-proof", "get-proof-by-hash", "get-sth-consistency")))
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    rig.transport = faulty = Faulty(rig.transport, 10**9, RuntimeError("once"), lambda url: "get-sth" in url)
    async with rig.running():
        await rig.clock.sleep(120)
        certhia_world.grow(10)
        faulty.at = faulty.seen + 1
        await rig.clock.sleep(100)
    assert {delivery.match.names for delivery in rig.sheet.told} == names(30, 40)


@in_simulated_time
async def test_one_ill_log_costs_the_others_nothing(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    certhia_world.grow(120)
    certhia_world.logs["one"].hooks.append(silent())
    rig = Rig(certhia_world, tmp_path)
    async with rig.running() as pipeline:
        await rig.clock.sleep(30)
        healths = {status.log.description: status.health for status in pipeline.statuses()}
        verified = {status.log.description: status.verified for status in pipeline.statuses()}
    assert healths == {"one": Health.FAILED, "two": Health.HEALTHY, "three": Health.HEALTHY}
    assert verified == {"one": 0, "two": 120, "three": 120}
    assert len(rig.sheet.told) == 120


@in_simulated_time
async def test_a_fault_of_local_storage_ends_everything(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    certhia_world.grow(10)
    rig = Rig(certhia_world, tmp_path)
    with pytest.raises(BaseExceptionGroup) as caught:
        async with rig.running():
            await rig.clock.sleep(60)
            assert rig.state._writers is not None
            async with rig.state._writers.begin() as connection:
                await connection.exec_driver_sql("DROP TABLE steps")
            certhia_world.grow(10)
            await rig.clock.sleep(60)
    assert caught.group_contains(StateError)


@in_simulated_time
async def test_asked_to_read_files_again_where_there_are_none(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    rig = Rig(certhia_world, tmp_path)
    async with rig.running() as pipeline:
        pipeline.reload()
    assert rig.texts == ["there is nothing to read again: all rules were given with the command"]


@in_simulated_time
async def test_what_rules_found_is_told_in_their_own_words(certhia_world: World, tmp_path: Path) -> None:
    """The rules change all the time, and with them the numbers that a scan has for them."""
    three(certhia_world)
    certhia_world.grow(120)
    rules = [f"host{number}.example.com" for number in range(120)]
    rig = Rig(certhia_world, tmp_path, rules)
    async with rig.running():
        for number in range(100):
            turned = rules[number:] + rules[:number]
            rig.watchlist = Watchlist(*turned)
            await rig.clock.sleep(0.01)
        await rig.clock.sleep(10)
    await rig.check()
    assert len(rig.sheet.told) == 120
    assert all(hit.rule == hit.name for delivery in rig.sheet.told for hit in delivery.match.hits)


# --- which logs ---


@in_simulated_time
async def test_no_log_to_follow_is_said(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    rig = Rig(certhia_world, tmp_path)
    rig.choice = Choice(allow=("nobody",))
    with pytest.raises(BaseExceptionGroup) as caught:
        await rig.run(10)
    assert caught.group_contains(ConfigError, match="none of the 3 known logs is to be followed")


@in_simulated_time
async def test_a_log_named_by_url_that_is_dead_is_a_warning(certhia_world: World, tmp_path: Path) -> None:
    one = certhia_world.rfc6962("one")
    certhia_world.pages["/log_list.json"] = certhia_world.handle("GET", LIST)
    dead = certhia_world.static("dead")  # in no list
    dead.hooks.append(fail(503))
    rig = Rig(certhia_world, tmp_path)
    rig.choice, rig.refresh = Choice(add=(dead.url,)), 120.0
    async with rig.running() as pipeline:
        await rig.clock.sleep(60)
        assert [status.log.id for status in pipeline.statuses()] == [one.id]
        dead.hooks.clear()
        await rig.clock.sleep(1.2 * rig.refresh)
        assert [status.log.id for status in pipeline.statuses()] == [one.id, dead.id]
    (warning,) = [text for level, _, text in rig.said if level == "warning"]
    assert warning.endswith("status 503; asked again when the lists are loaded again")


@in_simulated_time
async def test_it_ends_when_nothing_is_left_to_read(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    certhia_world.grow(120)
    rig = Rig(certhia_world, tmp_path)
    rig.reading = Reading(until=Point("now"))
    async with rig.running():
        await rig.clock.sleep(20)
    await rig.check()
    assert sorted(text for text in rig.texts if text.startswith("read until")) == ["read until 120"] * 3


@in_simulated_time
async def test_a_log_that_is_gone_finishes_what_it_has(certhia_world: World, tmp_path: Path) -> None:
    three(certhia_world)
    certhia_world.rfc6962("four")
    certhia_world.grow(30)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh = 10
    async with rig.running() as pipeline:
        await rig.clock.sleep(8)
        gone = certhia_world.logs["one"]
        gone.add(certhia_world.ca.issue(["late.example.com"]))
        gone.publish()
        gone.hooks.append(zero_page())
        certhia_world.pages["/log_list.json"] = without(certhia_world, "one")
        await rig.clock.sleep(40)
        assert rig.texts.count("no longer to be followed: finishes what it has") == 1
        gone.hooks.clear()
        await rig.clock.sleep(40)
        finished = {status.log.description: status.finished for status in pipeline.statuses()}
        assert finished == {"one": "no longer to be followed", "two": "", "three": "", "four": ""}
        certhia_world.grow(5)
        await rig.clock.sleep(8)
        del certhia_world.pages["/log_list.json"]
        await rig.clock.sleep(20)
    await rig.check()
    assert len(rig.sheet.told) == 36, "and is taken up where it was left when it comes back"


def without(world: World, name: str):  # type: ignore[no-untyped-def]
    """The log list without one of the logs."""
    log = world.logs.pop(name)
    answer = world.handle("GET", LIST)
    world.logs[name] = log
    return answer


@in_simulated_time
async def test_changed_parameters_take_effect_without_a_restart(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    certhia_world.grow(30)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh = 10
    async with rig.running() as pipeline:
        await rig.clock.sleep(8)
        log.host = "http://elsewhere.world.test"
        await rig.clock.sleep(10)
        certhia_world.grow(10)
        await rig.clock.sleep(8)
        assert [status.log.monitoring_url for status in pipeline.statuses()] == [log.url]
    await rig.check()
    assert rig.summary is not None
    assert (rig.summary.entries, rig.summary.verified, rig.summary.matches) == (40, 40, 40)
    assert "changed in the log list: goes on with its new parameters" in rig.texts


@in_simulated_time
async def test_a_change_in_the_midst_of_reading_loses_nothing(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one", max_get_entries=4)
    certhia_world.grow(120)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh = 1.0
    async with rig.running():
        for number in range(10):
            await rig.clock.sleep(1.0)
            log.host = f"http://host{number}.world.test"
        await rig.clock.sleep(10)
    await rig.check()
    assert len(rig.sheet.told) == 120
    assert rig.summary is not None
    assert (rig.summary.matches, rig.summary.sightings) == (120, 0)


@in_simulated_time
async def test_a_log_that_is_added_starts_from_the_last_complete_list(
    certhia_world: World, certhia_clock: SimClock, tmp_path: Path
) -> None:
    certhia_world.rfc6962("one", mmd=60)
    certhia_world.grow(10)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    rig.refresh = 100
    async with rig.running():
        await certhia_clock.sleep(60)
        new = certhia_world.static("two")
        for number in range(20):
            new.add(certhia_world.ca.issue([f"new{number}.example.com"]))
            new.publish()
            await certhia_clock.sleep(1)
        await certhia_clock.sleep(110)
    assert {delivery.match.names for delivery in rig.sheet.told} == {(f"new{n}.example.com",) for n in range(20)}


@pytest.mark.parametrize("broken", [RuntimeError("unthought of"), ValueError("odd")])
@in_simulated_time
async def test_a_list_that_cant_be_had_changes_nothing(certhia_world: World, tmp_path: Path, broken: Exception) -> None:
    three(certhia_world)
    certhia_world.grow(10)
    rig = Rig(certhia_world, tmp_path)
    rig.refresh = 10
    rig.transport = Faulty(rig.transport, 2, broken, lambda url: url == LIST)
    async with rig.running():
        await rig.clock.sleep(15)
        certhia_world.grow(10)
        await rig.clock.sleep(20)
    await rig.check()
    assert len([text for text in rig.texts if "could not be loaded" in text]) == 1


# --- politeness ---


@in_simulated_time
async def test_sixty_idle_logs_cost_a_head_a_poll_each(
    certhia_world: World, certhia_clock: SimClock, tmp_path: Path
) -> None:
    for number in range(40):
        certhia_world.static(f"static{number}")
    for number in range(20):
        certhia_world.rfc6962(f"rfc{number}")
    rig = Rig(certhia_world, tmp_path)
    rig.origin, rig.reading = Point("now"), Reading()
    async with rig.running() as pipeline:
        await certhia_clock.sleep(60)
        before = {name: dict(log.traffic.requests) for name, log in certhia_world.logs.items()}
        await certhia_clock.sleep(600)
        assert {status.health for status in pipeline.statuses()} == {Health.HEALTHY}
    for name, log in certhia_world.logs.items():
        head, poll = ("checkpoint", 10) if name.startswith("static") else ("get-sth", 30)
        asked = {key: count - before[name].get(key, 0) for key, count in log.traffic.requests.items()}
        assert {key for key, count in asked.items() if count} == {head}
        assert 600 / poll * 0.95 - 1 <= asked[head] <= 600 / poll * 1.05 + 1


@pytest.mark.parametrize("ill", [None, "gone", "slow"])
@in_simulated_time
async def test_precertificates_of_static_logs_are_proven_where_the_issuer_can_be_had(
    certhia_world: World, tmp_path: Path, ill: str | None
) -> None:
    log = certhia_world.static("two")
    ca = certhia_world.ca
    log.add(ca.issue(["a.example.com"], precert=True), ca.issue(["b.example.com"], precert=True, precert_signer=True))
    log.publish()
    if ill is not None:
        log.hooks.append(fail(404, endpoints=["issuer"]) if ill == "gone" else slow(90, endpoints=["issuer"]))
    rig = Rig(certhia_world, tmp_path)
    rig.reading = Reading(poll_static=2, patience=0)
    began = rig.clock.now()
    await rig.run(20)
    await rig.check()
    told = {delivery.match.names[0]: delivery.match for delivery in rig.sheet.told}
    assert sorted(told) == ["a.example.com", "b.example.com"]
    assert {bool(match.unproven) for match in told.values()} == {ill is not None}
    assert all(match.seen - began < 7 for match in told.values()), "held up by five seconds at most"
    assert rig.pipeline.statuses()[0].health is Health.HEALTHY
