"""Other settings, while a pipeline runs. Over HTTP and with the whole program: tests/e2e/test_new_settings.py."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.rig import LIST, Sheet

from certhia.config.sources import from_values
from certhia.errors import ConfigError
from certhia.library.applying import rules_step
from certhia.library.assembly import Given, assemble
from certhia.library.reloading import Again, Reloading, Step
from certhia.library.setup import kept_of, rules_of
from certhia.model import MatchKind
from certhia.pipeline import Pipeline
from certhia.rules.watchlist import Watchlist
from certhia.store.place import Place
from certhia.testing import World, fail, in_simulated_time


class Rig:
    """A running pipeline, and its settings."""

    def __init__(self, world: World, folder: Path, **values: object) -> None:
        self.world, self.folder, self.told = world, folder, list[str]()
        self.values: dict[str, object] = {"logs.log_list": [LIST], "read.poll_rfc6962": 5, "read.poll_static": 5}
        self.values |= {"read.patience": 0, "watch.rules": ["host1.example.com"], "read.from": "beginning"} | values
        settings = from_values(self.values)
        self.sheet = Sheet()
        self.rules = rules_of(settings.watch.rules, (), world.clock, self.tell)
        self.reloading = Reloading(
            settings,
            Again(lambda: from_values(self.values), folder / "none"),
            idle=(),
            clock=world.clock,
            tell=self.tell,
        )
        self.reloading.steps.append(rules_step(self.rules))
        self.pipeline: Pipeline

    def tell(self, text: str, *, level: str = "info", log: str = "") -> None:
        del level
        self.told.append(f"{log}: {text}" if log else text)

    async def start(self, stack: AsyncExitStack) -> None:
        given = Given(
            rules=lambda: self.rules.current,
            sinks=[self.sheet],
            stream=lambda _: None,
            place=Place(self.folder / "state"),
            clock=self.world.clock,
            tell=self.tell,
            transport=self.world.transport(latency=0.01),
            steps=self.reloading.steps,
            reloads=[self.reloading.settings, self.rules],
        )
        self.pipeline = await assemble(self.reloading.settings.current, given, stack)
        task = asyncio.ensure_future(self.pipeline.run())
        stack.push_async_callback(asyncio.wait, [task])
        stack.callback(self.pipeline.stop)
        await self.world.clock.sleep(20)

    async def change(self, values: Mapping[str, object]) -> None:
        self.values |= values
        self.reloading.settings.ask()
        await self.reloading.settings.look()

    def names(self) -> set[str]:
        return {hit.name for delivery in self.sheet.told for hit in delivery.match.hits}

    async def grow(self, count: int) -> None:
        self.world.grow(count)
        await self.world.clock.sleep(20)


@pytest.fixture
def world(certhia_world: World) -> World:
    certhia_world.rfc6962("one", description="One")
    certhia_world.static("two", description="Two")
    certhia_world.grow(20)
    return certhia_world


@in_simulated_time
async def test_all_that_changes_in_place(world: World, tmp_path: Path) -> None:
    rig = Rig(world, tmp_path)
    roots = tmp_path / "roots"
    roots.write_text("example.com\n")
    async with AsyncExitStack() as stack:
        await rig.start(stack)
        assert rig.names() == {"host1.example.com"}
        await rig.change(
            {
                "watch.rules": ["host20.example.com", "host21.example.com"],
                "watch.roots": roots,
                "watch.precerts": False,
                "watch.dedupe_size": 5,
                "watch.expected": [_own(tmp_path)],
                "read.memory": "1MB",
                "read.max_rate": 50,
                "read.max_parallel": 1,
                "read.poll_rfc6962": 2,
                "logs.refresh": "1h",
                "state.max_matches": 7,
                "output.kinds": ["alert"],
            }
        )
        assert rig.reloading.settings.trouble == ""
        parts = rig.pipeline._parts
        assert rig.rules.current.matcher is parts.rules().matcher
        assert (parts.precerts, parts.refresh, parts.keeping) == (False, 3600, kept_of(rig.reloading.settings.current))
        assert (parts.reading.poll_rfc6962, rig.pipeline._budget.limit) == (2, 1_000_000)
        assert (parts.paces.limited, parts.teller.seen._size) == (True, 5)
        assert parts.teller.limits.kinds == {MatchKind.ALERT}
        assert parts.teller.limits.roots is not None
        await rig.grow(2)
        assert rig.names() == {"host1.example.com", "host20.example.com"}, "the next one is a precertificate"
        await rig.change({"read.max_rate": None, "read.max_parallel": 3})
        await rig.change({"read.max_parallel": None})
        assert not parts.paces.limited
        await rig.grow(1)
        assert all(status.verified == 23 for status in rig.pipeline.statuses())
        told = parts.bus.subscribe("config.reloaded")
        await rig.change({"state.max_events": 3, "watch.rules": ["host20.example.com"]})
        told.close()
        changed = [event.data async for event in told]
        assert [one["what"] for one in changed] == ["rules", "settings"]
        assert "settings reloaded: state.max_events is 3 (was 1000)" in changed[1]["changes"]  # type: ignore[operator]


def _own(folder: Path) -> Path:
    path = folder / "own.txt"
    path.write_text("issuer: Nobody we know\n")
    return path


@in_simulated_time
async def test_logs_and_how_they_are_read(world: World, tmp_path: Path) -> None:
    rig = Rig(world, tmp_path)
    one = world.logs["one"].model.url
    async with AsyncExitStack() as stack:
        await rig.start(stack)
        before = rig.pipeline._followers[world.logs["one"].model.id]
        await rig.change({f'logs."{one}".rate': 5, f'logs."{one}".poll': 3})
        await world.clock.sleep(1)
        after = rig.pipeline._followers[world.logs["one"].model.id]
        assert before is not after, "its requests are others"
        assert after.poll == 3
        await rig.change({"logs.deny": ["Two"]})
        assert any("Two: no longer to be followed" in text for text in rig.told)
        await rig.change({"logs.deny": []})
        await rig.grow(5)
        assert [status.verified for status in rig.pipeline.statuses()] == [25, 25]
        await rig.change({"logs.deny": ["*"]})
        assert "they leave none of 2 known logs to follow" in rig.reloading.settings.trouble
        assert rig.reloading.settings.current.logs.deny == ()
        await rig.grow(1)
        assert [status.verified for status in rig.pipeline.statuses()] == [26, 26]


@in_simulated_time
async def test_sinks_come_last_and_undo_the_others_where_they_cant(world: World, tmp_path: Path) -> None:
    rig = Rig(world, tmp_path)
    more = {"sinks.more.type": "file", "sinks.more.path": tmp_path / "more.jsonl"}
    async with AsyncExitStack() as stack:
        await rig.start(stack)
        bad = {"sinks.run.type": "exec", "sinks.run.command": ["/none/program"]}
        await rig.change({**more, **bad, "watch.rules": ["host20.example.com"]})
        assert "there is no such program" in rig.reloading.settings.trouble
        assert rig.names() == {"host1.example.com"}
        assert not (tmp_path / "more.jsonl").exists() or (tmp_path / "more.jsonl").read_text() == ""
        for key in bad:
            del rig.values[key]
        await rig.change({})
        assert rig.reloading.settings.trouble == ""
        await rig.grow(1)
        assert "host20.example.com" in (tmp_path / "more.jsonl").read_text()


@in_simulated_time
async def test_alarms_are_looked_for_by_the_settings_of_now(world: World, tmp_path: Path) -> None:
    """Polls that became rare are no loss of contact; an interval that became short is kept."""
    rig = Rig(world, tmp_path, **{"output.health_interval": 3600})
    async with AsyncExitStack() as stack:
        await rig.start(stack)
        await rig.change({"output.health_interval": 20, "read.poll_rfc6962": 300, "read.poll_static": 300})
        assert rig.reloading.settings.trouble == ""
        for log in world.logs.values():
            log.hooks.append(fail(503))
        await world.clock.sleep(500)
        assert not any("alarm: no contact" in text for text in rig.told)
        await rig.change({"read.poll_rfc6962": 5, "read.poll_static": 5})
        await world.clock.sleep(60)
        assert any("alarm: no contact" in text for text in rig.told)


@in_simulated_time
async def test_rules_that_make_no_sense_change_nothing(world: World, tmp_path: Path) -> None:
    rig = Rig(world, tmp_path)
    (step,) = rig.reloading.steps
    assert isinstance(step, Step)
    settings = from_values({**rig.values, "watch.rules": ["re:("]})
    with pytest.raises(ConfigError, match="regular expression"):
        await step.prepare(rig.reloading.settings.current, settings)
    commit = await step.prepare(settings, from_values({**rig.values, "watch.rules": ["a.example", "b.example"]}))
    commit()
    assert isinstance(rig.rules.current, Watchlist)
    assert len(rig.rules.current.rules) == 2
