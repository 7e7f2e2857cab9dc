"""Scopes of bug bounty platforms in a run: kept, fetched in time, watched, and tagged in what is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.rig import LIST

from certhia.config.sources import from_values
from certhia.errors import ConfigError
from certhia.library.scoping import REQUEST, Scoping
from certhia.library.watching import watch
from certhia.model import Alarm, Match
from certhia.net import Response
from certhia.rules.platforms.kept import NAME, read
from certhia.store import State
from certhia.testing import World, in_simulated_time
from certhia.testing.platform_shapes import TOKEN, USER, FakeProgramme
from certhia.testing.platforms import FakePlatforms, say

FAST = {"read.poll_static": 5, "read.poll_rfc6962": 5, "read.patience": 2, "platforms.sync_interval": 60}
H1 = {
    "platforms.hackerone.username": USER,
    "platforms.hackerone.token": TOKEN,
    "platforms.hackerone.filter": "all",
    "platforms.hackerone.url": "http://platforms.test/hackerone",
}
URL = {"platforms.mine.type": "url", "platforms.mine.url": "http://platforms.test/scopes.json"}


class Both:
    """Logs and platforms by one transport, told apart by host."""

    def __init__(self, world: World, platforms: FakePlatforms) -> None:
        self._world, self._platforms = world.transport(latency=0.01), platforms.transport()

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        inner = self._platforms if "platforms.test" in url else self._world
        return await inner.get(url, headers=headers, cap=cap, timeout=timeout)

    async def close(self) -> None:
        await self._world.close()


class Rig:
    """A watch of a world with platforms beside it."""

    def __init__(self, world: World, state: Path) -> None:
        self.world, self.state = world, state
        self.clock = world.clock
        self.log = world.static("one")
        self.log.publish()
        self.platforms = FakePlatforms(self.clock)
        self.said: list[tuple[str, str]] = []
        self.alarms: list[tuple[str, bool]] = []

    def tell(self, text: str, *, level: str = "info", log: str = "") -> None:
        del log
        self.said.append((level, text))

    def heard(self, alarm: Alarm, *, cleared: bool) -> None:
        self.alarms.append((alarm.key, cleared))

    def watching(self, options: Mapping[str, object], **given: object) -> AsyncGenerator[Match, None]:
        """A watch with these settings besides."""
        defaults: dict[str, object] = {
            "log_lists": [LIST],
            "transport": Both(self.world, self.platforms),
            "clock": self.clock,
            "tell": self.tell,
            "state": self.state,
            "on_alarm": self.heard,
            "options": {**FAST, "output.health_interval": 30, **options},
        }
        return watch((), **(defaults | given))  # type: ignore[arg-type]

    def issue(self, *names: str) -> None:
        """A certificate is logged."""
        self.log.add(self.world.ca.issue(list(names)))
        self.log.publish()

    def texts(self, part: str) -> list[str]:
        return [text for _, text in self.said if part in text]


@pytest.fixture
def rig(certhia_world: World, tmp_path: Path) -> Rig:
    return Rig(certhia_world, tmp_path / "state")


def tags(match: Match) -> list[tuple[str, str, str]]:
    return [(hit.rule, hit.programme, hit.platform) for hit in match.hits]


ACME = FakeProgramme(
    "acme", "Acme", [("WILDCARD", "*.acme.example", True), ("URL", "status.acme.example", False)], bookmarked=True
)


@in_simulated_time
async def test_from_a_document_to_a_match_that_names_programme_and_platform(rig: Rig) -> None:
    rig.platforms.add(ACME)
    async with aclosing(rig.watching(URL)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(10)
        rig.issue("status.acme.example")  # out of scope
        rig.issue("www.acme.example")
        match = await following
    assert match.names == ("www.acme.example",)
    assert tags(match) == [("*.acme.example", "Acme", "mine")]
    assert rig.texts("mine: 1 programme with 1 rule: 1 programme new, 2 rules added")


@in_simulated_time
async def test_a_scope_that_comes_and_one_that_goes(rig: Rig) -> None:
    rig.platforms.add(ACME)
    async with aclosing(rig.watching(H1)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(10)
        asked = len(rig.platforms.asked)
        rig.platforms.programmes[:] = [FakeProgramme("beta", "Beta", [("URL", "www.beta.example", True)])]
        await rig.clock.sleep(40)
        assert len(rig.platforms.asked) == asked  # in time, and not sooner
        await rig.clock.sleep(40)
        rig.issue("www.acme.example")  # no longer
        rig.issue("www.beta.example")
        match = await following
    assert tags(match) == [("=www.beta.example", "Beta", "hackerone")]
    assert rig.texts("1 programme new, 1 programme gone, 1 rule added, 2 rules gone")
    assert rig.texts("rules reloaded: 1 added, 2 gone, 1 in all")


@in_simulated_time
async def test_a_platform_that_is_down_at_the_next_start_is_watched_as_it_was(rig: Rig) -> None:
    rig.platforms.add(ACME)
    async with aclosing(rig.watching(H1)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(10)
        rig.issue("a.acme.example")
        await following
    rig.platforms.fault("", say(500))
    async with aclosing(rig.watching(H1)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(90)
        rig.issue("b.acme.example")
        match = await following
        assert tags(match) == [("*.acme.example", "Acme", "hackerone")]
        assert ("platform:hackerone", False) in rig.alarms
        assert rig.texts("and watched as they were then")
        following = asyncio.ensure_future(anext(matches))
        rig.platforms.faults.clear()
        await rig.clock.sleep(80)
        assert ("platform:hackerone", True) in rig.alarms
        rig.issue("c.acme.example")
        await following


@in_simulated_time
async def test_nothing_to_watch_yet_is_no_error(rig: Rig) -> None:
    rig.platforms.fault("", say(401))
    async with aclosing(rig.watching(H1)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(60)
        assert ("platform:hackerone", False) in rig.alarms
        assert [text for level, text in rig.said if level == "warning" and "never fetched" in text]
        rig.platforms.faults.clear()
        rig.platforms.add(ACME)
        await rig.clock.sleep(75)
        rig.issue("a.acme.example")
        assert (await following).names == ("a.acme.example",)


@in_simulated_time
async def test_an_empty_list_counts_when_it_is_said_twice(rig: Rig) -> None:
    rig.platforms.add(ACME)
    async with aclosing(rig.watching(H1)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(10)
        rig.platforms.programmes.clear()
        await rig.clock.sleep(75)
        rig.issue("a.acme.example")
        await following
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(75)
        rig.issue("b.acme.example")
        rig.platforms.add(FakeProgramme("beta", "Beta", [("URL", "beta.example", True)]))
        await rig.clock.sleep(75)
        rig.issue("beta.example")
        assert (await following).names == ("beta.example",)


@in_simulated_time
async def test_rules_of_ones_own_stand_beside(rig: Rig) -> None:
    rig.platforms.add(ACME)
    async with aclosing(rig.watching(URL)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(5)
        rig.issue("x.acme.example")
        await following
    async with await State.open(rig.state, clock=rig.clock, follow=False) as state:
        kept = read(await state.recall(f"{NAME}mine"))
    assert kept is not None
    assert list(kept.scopes) == ["acme"]


@in_simulated_time
async def test_somebody_asks_for_it_now(rig: Rig) -> None:
    rig.platforms.add(ACME)
    async with aclosing(rig.watching(H1)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(10)
        rig.platforms.add(FakeProgramme("beta", "Beta", [("URL", "beta.example", True)]))
        async with await State.open(rig.state, clock=rig.clock, follow=False) as state:
            number = await state.request(REQUEST, json.dumps({"names": ["hackerone"]}))
            await rig.clock.sleep(30)
            assert json.loads(await state.answer(number) or "") == {"names": ["hackerone"]}
        rig.issue("beta.example")
        assert (await following).names == ("beta.example",)


@in_simulated_time
async def test_a_new_programme_has_older_entries_read_again_for_its_rules_alone(rig: Rig) -> None:
    rig.platforms.add(ACME)
    options = {**H1, "platforms.hackerone.backfill": "30d"}
    rig.issue("old.acme.example")
    rig.issue("old.beta.example")
    async with aclosing(rig.watching(options)) as matches:
        match = await anext(matches)
        assert match.names == ("old.acme.example",)  # before the start
        following = asyncio.ensure_future(anext(matches))
        rig.issue("seen.beta.example")
        await rig.clock.sleep(60)
        rig.platforms.add(FakeProgramme("beta", "Beta", [("WILDCARD", "*.beta.example", True)]))
        found = [await following, await anext(matches)]
    assert sorted(match.names[0] for match in found) == ["old.beta.example", "seen.beta.example"]
    assert all(tags(match) == [("*.beta.example", "Beta", "hackerone")] for match in found)
    assert all(match.verified for match in found)
    assert rig.texts("hackerone: logs are read again from ")


@in_simulated_time
async def test_platforms_that_change_while_it_runs(rig: Rig, tmp_path: Path) -> None:
    rig.platforms.add(ACME, FakeProgramme("beta", "Beta", [("URL", "beta.example", True)]))
    made: list[list[str]] = []
    before, bookmarked = from_values(H1), from_values({**H1, "platforms.hackerone.filter": "bookmarked"})
    scoping = Scoping(before.platforms, rig.clock, rig.tell)

    async def remake() -> None:
        made.append([rule.text for rule in scoping.rules if not rule.excludes])

    scoping.remake = remake
    async with await State.open(tmp_path / "other", clock=rig.clock, follow=True) as state:
        await scoping.begin(state, Both(rig.world, rig.platforms))
        work = asyncio.ensure_future(scoping.run())
        for after in (bookmarked, from_values({**H1, **URL, "watch.rules": ["x.example"]})):
            commit = await scoping.step().prepare(before, after)
            waits = commit()
            assert waits is not None
            await waits
            await rig.clock.sleep(30)
        none = from_values({"watch.rules": ["x.example"]})
        waits = (await scoping.step().prepare(before, none))()
        assert waits is not None
        await waits
        assert not scoping.active
        with pytest.raises(ConfigError, match="there is nothing to watch"):
            await scoping.step().prepare(before, from_values({}))
        work.cancel()
        await asyncio.wait([work])
    assert made == [
        ["*.acme.example", "=beta.example"],
        ["*.acme.example"],
        ["*.acme.example", "*.acme.example", "=beta.example"],
        ["*.acme.example", "=beta.example", "*.acme.example", "=beta.example"],
        [],
    ]


@in_simulated_time
async def test_who_asks_to_wait_is_left_alone_though_other_settings_change(rig: Rig, tmp_path: Path) -> None:
    rig.platforms.fault("hackerone", say(429, "", {"retry-after": "36000"}))
    before, after = from_values(H1), from_values({**H1, **URL})
    scoping = Scoping(before.platforms, rig.clock, rig.tell)
    async with await State.open(tmp_path / "other", clock=rig.clock, follow=True) as state:
        await scoping.begin(state, Both(rig.world, rig.platforms))
        work = asyncio.ensure_future(scoping.run())
        await rig.clock.sleep(10)
        asked = [path for path in rig.platforms.asked if "hackerone" in path]
        assert len(asked) == 1
        waits = (await scoping.step().prepare(before, after))()
        assert waits is not None
        await waits
        await rig.clock.sleep(3_600)
        assert [path for path in rig.platforms.asked if "hackerone" in path] == asked
        assert "platform:hackerone" in [found.alarm.key for found in await scoping.look()]  # still
        work.cancel()
        await asyncio.wait([work])
