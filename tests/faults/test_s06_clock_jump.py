"""Fault S06: the wall clock is set, by a day either way or by a leap second, while logs are followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.logs.bench import KINDS, Bench, fill, make
from tests.rig import Rig

from certhia.alarms.guard import Guarding
from certhia.logs.reading import Reading
from certhia.logs.status import longest_silence
from certhia.model import Health, Protocol
from certhia.testing import SimClock, World, fail, in_simulated_time, slow
from certhia.testing.false_heads import frozen

DAY = 86_400.0
JUMPS = [DAY, -DAY, 1.0, 400 * DAY]
INTERVAL = 60.0


def rig_of(world: World, path: Path) -> Rig:
    for make_log, name in ((world.rfc6962, "one"), (world.static, "two"), (world.hybrid, "three")):
        make_log(name, description=name)
    world.grow(40)
    rig = Rig(world, path)
    rig.reading = Reading(poll_static=10, poll_rfc6962=10, patience=20)
    rig.guarding = Guarding(interval=INTERVAL, places=(path,), poll=10)
    return rig


@pytest.mark.parametrize("jump", JUMPS)
@in_simulated_time
async def test_s06_clock_jump(certhia_world: World, certhia_clock: SimClock, tmp_path: Path, jump: float) -> None:
    """No busy loop, no false alarm; what comes afterwards is found, verified and told, and so is a real illness."""
    rig = rig_of(certhia_world, tmp_path)
    requests: Callable[[], int] = lambda: rig.transport.requests  # type: ignore[attr-defined]  # noqa: E731
    async with rig.running() as pipeline:
        await rig.clock.sleep(60)
        before = requests()
        await rig.clock.sleep(120)
        usual = requests() - before
        for times in range(2):
            certhia_clock.step(jump if times == 0 else -2 * jump)  # set, then corrected too far
            before = requests()
            await rig.clock.sleep(120)
            assert requests() - before <= 1.2 * usual + 3, "no busy loop"
            assert requests() - before >= 0.8 * usual - 3, "and no standstill"
        assert pipeline.summary().alarms == ()
        assert {status.health for status in pipeline.statuses()} == {Health.HEALTHY}
        assert rig.texts == []

        certhia_world.grow(10)
        await rig.clock.sleep(40)
        assert len(rig.sheet.told) == 50
        for log in certhia_world.logs.values():
            log.hooks.append(fail(503))
        certhia_clock.step(jump)
        await rig.clock.sleep(INTERVAL + 15)
        assert [alarm.split(" with")[0] for alarm in pipeline.summary().alarms] == ["no contact"]
        for log in certhia_world.logs.values():
            log.hooks.clear()
        await rig.clock.sleep(5 * INTERVAL)
        assert pipeline.summary().alarms == ()
    await rig.check()


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_s06_an_old_head_is_told_at_its_limit(
    certhia_world: World, certhia_clock: SimClock, kind: Protocol, jump: float
) -> None:
    """By the time that passed, not by the time of day: neither at once, nor never."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=0, poll_rfc6962=300, poll_static=30))
    limit = longest_silence(log.model)
    async with bench.following():
        await bench.clock.sleep(60)
        log.hooks.append(frozen(log))
        for part in (0.4, 0.4):
            certhia_clock.step(jump)
            await bench.clock.sleep(part * limit)
            assert bench.status.stale == ""
            assert bench.texts == []
        certhia_clock.step(-3 * jump)
        await bench.clock.sleep(0.2 * limit + 600)
        assert bench.status.stale
    assert len(bench.texts) == 1


@pytest.mark.parametrize("jump", JUMPS)
@in_simulated_time
async def test_s06_deadlines_are_monotonic(certhia_world: World, certhia_clock: SimClock, jump: float) -> None:
    """A request that nobody answers is given up after its time; a log that waits is asked again after its pause."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log)
    log.hooks.append(slow(90))
    async with bench.following():
        await bench.clock.sleep(30)
        certhia_clock.step(jump)
        assert bench.status.error == ""
        await bench.clock.sleep(40)
        assert "no answer" in bench.status.error
        log.hooks.clear()
        await bench.clock.sleep(120)
        bench.check()
