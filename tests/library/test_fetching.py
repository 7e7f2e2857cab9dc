"""Platforms asked by a command, beside a follower and without one."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.library.test_scoping import ACME, Rig

from certhia.config.platforms import PluginPlatform
from certhia.config.sources import from_values
from certhia.errors import ConfigError
from certhia.library import fetching
from certhia.rules.platforms.scoped import Scoped
from certhia.store import State
from certhia.testing import World, in_simulated_time
from certhia.testing.platform_shapes import FakeProgramme
from certhia.testing.platforms import say

URL = {"platforms.mine.type": "url", "platforms.mine.url": "http://platforms.test/scopes.json"}


@in_simulated_time
async def test_a_running_follower_does_it_and_watches_at_once(certhia_world: World, tmp_path: Path) -> None:
    rig, said = Rig(certhia_world, tmp_path / "state"), list[str]()
    rig.platforms.add(ACME)
    settings = from_values({**URL, "state.name": f"{tmp_path}/state"})
    other = from_values({**URL, "state.name": f"{tmp_path}/state", "platforms.more.type": "bugcrowd"})
    async with aclosing(rig.watching(URL)) as matches:
        following = asyncio.ensure_future(anext(matches))
        await rig.clock.sleep(10)
        rig.platforms.add(FakeProgramme("beta", "Beta", [("URL", "beta.example", True)]))
        (report,) = await fetching.sync(settings, (), rig.clock, said.append)
        assert report.synced is not None
        assert [(one.name, one.added, one.new) for one in report.synced.changes] == [("Beta", ("=beta.example",), True)]
        assert said[0].startswith("left to the running follower, process ")
        rig.issue("beta.example")
        assert (await following).names == ("beta.example",)
        rig.platforms.fault("scopes", say(403, "no"))
        following = asyncio.ensure_future(anext(matches))
        reports = await fetching.sync(other, (), rig.clock, said.append)
        assert "refused (403)" in reports[0].error
        assert reports[1].error == "the running follower does not watch it: its settings are others"
        following.cancel()
        await asyncio.wait([following])


@in_simulated_time
async def test_what_is_meant(certhia_world: World) -> None:
    clock = certhia_world.clock
    settings = from_values({**URL, "platforms.off.type": "bugcrowd", "platforms.off.enabled": False})
    assert [one.name for one in fetching.chosen(settings, (), clock)] == ["mine"]
    assert [one.name for one in fetching.chosen(settings, ["off"], clock)] == ["off"]
    with pytest.raises(ConfigError, match='"none": there is no such platform; configured are: mine, off'):
        fetching.chosen(settings, ["none"], clock)
    with pytest.raises(ConfigError, match="no platform is configured"):
        fetching.chosen(from_values({}), (), clock)
    assert [one.kept.at for one in await fetching.kept(settings, (), clock)] == [0.0]


@in_simulated_time
async def test_older_entries_for_programmes_that_a_command_fetched(certhia_world: World, tmp_path: Path) -> None:
    rig, options = Rig(certhia_world, tmp_path / "state"), {**URL, "platforms.mine.backfill": "30d"}
    rig.platforms.add(FakeProgramme("beta", "Beta", [("WILDCARD", "*.beta.example", True)]))
    rig.issue("old.beta.example")
    (one,) = fetching.chosen(from_values(options), (), rig.clock)
    async with await State.open(rig.state, clock=rig.clock, follow=True) as state:
        (report,) = await fetching.fetch([one], rig.platforms.transport(), lambda _: None)
        report = await fetching.keep(state, one, report, rig.clock)
    assert report.synced is not None
    assert report.synced.notes[-1].startswith("certhia watch will read logs again from ")
    async with aclosing(rig.watching(options)) as matches:
        assert (await anext(matches)).names == ("old.beta.example",)


@in_simulated_time
async def test_a_platform_of_another_package_that_fails(
    certhia_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[certhia.platforms]\ntheirs = platform_that_fails:fetch\n")
    (tmp_path / "platform_that_fails.py").write_text("async def fetch(settings, ask):\n    raise KeyError('slug')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = PluginPlatform(type="theirs")
    one = Scoped("theirs", settings, 10, 3600.0, certhia_world.clock)
    report = await fetching.try_one(one, certhia_world.transport())
    assert report.error == "it could not be read, please report it: KeyError: 'slug'"
