"""One platform over time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rules.platforms.asked import hackerone

from certhia.errors import RemoteError
from certhia.rules.platforms.client import Denied
from certhia.rules.platforms.scoped import Scoped
from certhia.store.state import State
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platform_shapes import FakeProgramme
from certhia.testing.platforms import FakePlatforms, say

HOUR = 3600.0
ACME = FakeProgramme("acme", "Acme", [("URL", "a.example", True), ("URL", "b.example", False)])


def scoped(clock: SimClock, token: str = "") -> Scoped:
    settings = hackerone(token=token) if token else hackerone()
    return Scoped("h1", settings, 10, 6 * HOUR, clock)


@in_simulated_time
async def test_every_six_hours_a_little_sooner_or_later(certhia_clock: SimClock) -> None:
    platforms, pauses = FakePlatforms(certhia_clock, [ACME]), set()
    one = scoped(certhia_clock)
    for _ in range(8):
        one.take(await one.sync(platforms.transport()))
        pauses.add(one.due - certhia_clock.monotonic())
    assert len(pauses) == 8
    assert all(5.4 * HOUR <= pause <= 6.6 * HOUR for pause in pauses)


@in_simulated_time
async def test_failures_are_tried_again_sooner_and_then_less_often(certhia_clock: SimClock) -> None:
    platforms, pauses = FakePlatforms(certhia_clock, [ACME]), []
    platforms.fault("", say(500))
    one = scoped(certhia_clock)
    for _ in range(12):
        with pytest.raises(RemoteError):
            await one.sync(platforms.transport())
        pauses.append(one.due - certhia_clock.monotonic())
    assert 54 <= pauses[0] <= 66
    assert 100 <= pauses[1] <= 140
    assert 5.4 * HOUR <= pauses[-1] <= 6.6 * HOUR
    assert "answered 500" in one.trouble
    platforms.faults.clear()
    one.take(await one.sync(platforms.transport()))
    assert (one.trouble, one.failures) == ("", 0)


@in_simulated_time
async def test_wrong_credentials_are_not_tried_again_before_time(certhia_clock: SimClock) -> None:
    one = scoped(certhia_clock, token="other")
    with pytest.raises(Denied):
        await one.sync(FakePlatforms(certhia_clock).transport())
    assert one.due - certhia_clock.monotonic() >= 5.4 * HOUR


@in_simulated_time
async def test_what_is_kept_is_there_again(certhia_clock: SimClock, tmp_path: Path) -> None:
    one, two = scoped(certhia_clock), scoped(certhia_clock)
    one.take(await one.sync(FakePlatforms(certhia_clock, [ACME]).transport()))
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        await one.keep(state)
        await state.writer.durable()
        await two.recall(state)
    assert two.kept == one.kept
    assert [(rule.text, rule.programme, rule.platform, rule.excludes) for rule in two.rules()] == [
        ("=a.example", "Acme", "h1", False),
        ("=b.example", "Acme", "h1", True),
    ]
    assert two.owners({"acme", "other"}) == [("Acme", "h1")]


@in_simulated_time
async def test_a_fault_in_what_fetches_is_a_failure_like_others(
    certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch(*_: object) -> None:
        raise KeyError("theirs")

    monkeypatch.setattr("certhia.rules.platforms.hackerone.fetch", fetch)
    one = scoped(certhia_clock)
    with pytest.raises(RemoteError, match="it could not be read, please report it: KeyError"):
        await one.sync(FakePlatforms(certhia_clock).transport())
    assert one.failures == 1


def test_the_most_programmes_are_its_own_or_those_of_all(certhia_clock: SimClock) -> None:
    transport = FakePlatforms(certhia_clock).transport()
    assert scoped(certhia_clock).ask(transport).most == 10
    own = hackerone().model_copy(update={"max_programs": 3})
    assert Scoped("h1", own, 10, 6 * HOUR, certhia_clock).ask(transport).most == 3


@in_simulated_time
async def test_a_sync_that_is_cut_short_is_gone_on_with(certhia_clock: SimClock) -> None:
    """By a platform that wants to be asked later: what it said until then is watched, what was known of the others
    stays, and the next time begins with them."""
    names = [f"p{n}" for n in range(6)]
    platforms = FakePlatforms(
        certhia_clock, [FakeProgramme(one, one.title(), [("URL", f"{one}.example", True)]) for one in names]
    )
    one = scoped(certhia_clock)
    one.take(await one.sync(platforms.transport()))
    for programme in platforms.programmes:
        programme.assets = [("URL", f"new.{programme.handle}.example", True)]
    platforms.fault("p3/structured", say(429, headers={"retry-after": str(9 * HOUR)}), times=1)
    synced = await one.sync(platforms.transport())
    one.take(synced)
    rules = [rule.value for rule in one.rules()]
    assert rules == [*(f"new.p{n}.example" for n in range(3)), *(f"p{n}.example" for n in range(3, 6))]
    assert synced.failed[-1].startswith("3 programmes are asked for later: ")
    assert not any(change.ends for change in synced.changes)
    assert one.due - certhia_clock.monotonic() >= 9 * HOUR, "never sooner than it asked for"
    assert one.trouble == ""


@in_simulated_time
async def test_one_that_was_cut_short_by_us_is_gone_on_with(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme(f"p{n}", f"P{n}") for n in range(8)])
    one = scoped(certhia_clock)
    with pytest.raises(TimeoutError):
        async with certhia_clock.deadline(5.0):
            await one.sync(platforms.transport())
    done = sum("structured" in path for path in platforms.asked)
    platforms.asked.clear()
    one.take(await one.sync(platforms.transport()))
    assert len(one.kept.scopes) == 8
    assert sum("structured" in path for path in platforms.asked) in (8 - done, 9 - done), "but for the one under way"
    platforms.asked.clear()
    await one.sync(platforms.transport())
    assert sum("structured" in path for path in platforms.asked) == 8, "that was a whole one: all anew"
