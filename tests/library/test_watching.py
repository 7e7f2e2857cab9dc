"""`certhia.watch`: what the command finds, taken one by one, left at any moment."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.rig import LIST

from certhia.errors import ConfigError, RemoteError, StateError
from certhia.library import feed
from certhia.library.watching import watch
from certhia.model import Alarm, Match
from certhia.rules.watchlist import Watchlist
from certhia.store import State
from certhia.store.lock import Lock
from certhia.testing import SimClock, World, fail, in_simulated_time, run_simulated

Said = list[tuple[str, str]]
FAST = {"read.poll_static": 1, "read.poll_rfc6962": 1, "read.patience": 2}
SMALL = FAST | {"read.memory": 30_000}  # bytes: few answers are fetched ahead


@pytest.fixture
def world(certhia_world: World) -> World:
    certhia_world.rfc6962("one")
    certhia_world.static("two")
    certhia_world.grow(30)
    return certhia_world


def watching(world: World, rules: object = "example.com", **given: object) -> AsyncGenerator[Match, None]:
    """A watch over the world, from its beginning."""
    defaults: dict[str, object] = {
        "start": "beginning",
        "log_lists": [LIST],
        "transport": world.transport(latency=0.01),
        "clock": world.clock,
        "tell": lambda *_, **__: None,
        "options": FAST,
    }
    return watch(rules, **(defaults | given))  # type: ignore[arg-type]


def inside(path: Path) -> list[Path]:
    return list(path.iterdir())


def names(first: int, end: int) -> list[str]:
    return sorted(f"host{number}.example.com" for number in range(first, end))


@in_simulated_time
async def test_each_certificate_once_until_now(world: World) -> None:
    found = [match async for match in watching(world, until="now")]
    assert sorted(match.names[0] for match in found) == names(0, 30)
    assert all(match.hits[0].rule == "example.com" for match in found)


@in_simulated_time
async def test_alarms_are_heard_of(world: World) -> None:
    """Once when it is raised, and once when it is over, by whoever asks to."""
    heard: list[tuple[str, bool]] = []

    def on_alarm(alarm: Alarm, *, cleared: bool) -> None:
        heard.append((alarm.key, cleared))

    async with aclosing(watching(world, on_alarm=on_alarm, options=FAST | {"output.health_interval": 30})) as matches:
        for _ in range(30):
            await anext(matches)
        outage = fail(503)
        for log in world.logs.values():
            log.hooks.append(outage)
        following = asyncio.ensure_future(anext(matches))
        await world.clock.sleep(120)
        for log in world.logs.values():
            log.hooks.remove(outage)
        await world.clock.sleep(600)
        world.grow(1)
        await following
    assert heard == [("contact", False), ("contact", True)]


@in_simulated_time
async def test_it_goes_on_until_it_is_left(world: World) -> None:
    began = left = world.clock.monotonic()
    found: list[str] = []
    async with aclosing(watching(world)) as matches:
        async for match in matches:
            found.append(match.names[0])
            if len(found) == 30:
                world.grow(5)
            if len(found) == 35:
                left = world.clock.monotonic()
                break
    assert sorted(found) == names(0, 35)
    assert world.clock.monotonic() - left < 1.0
    assert left - began < 10
    assert len(asyncio.all_tasks()) == 1


@in_simulated_time
async def test_a_loop_that_is_just_left_ends_too(world: World) -> None:
    async for _ in watching(world):
        break
    gc.collect()
    await world.clock.sleep(1.0)
    assert len(asyncio.all_tasks()) == 1


def test_one_that_is_still_open_when_the_loop_ends_is_closed(
    world: World, certhia_clock: SimClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def leave_open() -> AsyncGenerator[Match, None]:
        matches = watching(world, state=tmp_path)
        await anext(matches)
        return matches

    matches = run_simulated(leave_open(), clock=certhia_clock)
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []
    assert matches.ag_frame is None  # type: ignore[attr-defined]
    Lock(tmp_path).release()


@in_simulated_time
async def test_a_cancelled_task_ends_within_a_second(world: World) -> None:
    async def consume() -> None:
        async for _ in watching(world):
            pass

    async with asyncio.TaskGroup() as group:
        task = group.create_task(consume())
        await world.clock.sleep(5)
        began = world.clock.monotonic()
        task.cancel()
        await asyncio.wait([task])
        assert world.clock.monotonic() - began < 1.0
    gc.collect()
    await world.clock.sleep(0)
    assert len(asyncio.all_tasks()) == 1


@in_simulated_time
async def test_nothing_is_kept_without_a_state(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with aclosing(watching(world)) as matches:
        await anext(matches)
        assert len(inside(tmp_path)) == 1
    assert inside(tmp_path) == []


@pytest.mark.parametrize("taken", [1, 7, 30])
@in_simulated_time
async def test_a_state_is_gone_on_with(world: World, tmp_path: Path, taken: int) -> None:
    """What was looked at without asking for more comes again; nothing else does."""
    found: list[str] = []
    async with aclosing(watching(world, state=tmp_path / "state")) as matches:
        async for match in matches:
            found.append(match.names[0])
            if len(found) == taken:
                break
    world.grow(5)
    again = [match.names[0] async for match in watching(world, state=f"{tmp_path}/state", until="now")]
    assert set(found) & set(again) == {found[-1]}
    assert sorted({*found, *again}) == names(0, 35)
    assert len(again) == len(set(again)) == 35 - taken + 1
    async with await State.open(tmp_path / "state", clock=world.clock, follow=False) as state:
        assert await state.pending("program") == []


@in_simulated_time
async def test_the_reader_sets_the_pace(certhia_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST", 20)
    log = certhia_world.rfc6962("one", max_get_entries=4)
    certhia_world.grow(400)
    async with aclosing(watching(certhia_world, options=SMALL)) as matches:
        await anext(matches)
        await certhia_world.clock.sleep(60)
        assert log.traffic.requests["get-entries"] < 50, "not all 400 are read"
        found = [await anext(matches) for _ in range(399)]
    assert len({match.names for match in found}) == 399
    assert log.traffic.requests["get-entries"] >= 100


@in_simulated_time
async def test_everything_keeps_pace_too(certhia_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST", 20)
    log = certhia_world.rfc6962("one", max_get_entries=4)
    certhia_world.grow(400)
    async with aclosing(watching(certhia_world, ".", until="now", options=SMALL)) as matches:
        await anext(matches)
        await certhia_world.clock.sleep(60)
        assert log.traffic.requests["get-entries"] < 50
        assert len([match async for match in matches]) == 399, "however long it takes"


@in_simulated_time
async def test_a_slow_reader_gets_all_there_is_until_now(world: World) -> None:
    found = []
    async for match in watching(world, until="now"):
        await world.clock.sleep(10)
        found.append(match.names[0])
    assert sorted(found) == names(0, 30)


@in_simulated_time
async def test_rules_come_as_a_watchlist_or_from_files(world: World, tmp_path: Path) -> None:
    rules = Watchlist.load(["host3.example.com"])
    assert [match.names[0] async for match in watching(world, rules, until="now")] == ["host3.example.com"]
    file = tmp_path / "rules.txt"
    file.write_text("host1.example.com")
    found: list[str] = []
    async with aclosing(watching(world, (), files=[file])) as matches:
        found.append((await anext(matches)).names[0])
        file.write_text("host32.example.com")
        await world.clock.sleep(5)
        world.grow(5)
        found.append((await anext(matches)).names[0])
    assert found == ["host1.example.com", "host32.example.com"]


@in_simulated_time
async def test_what_the_command_would_say_is_told(world: World) -> None:
    said: Said = []
    world.logs["two"].hooks.append(fail(500))

    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        said.append((level, f"{log}: {text}"))

    async with aclosing(watching(world, ["co.uk", "example.com"], tell=tell)) as matches:
        await anext(matches)
        await world.clock.sleep(30)
    assert any("co.uk" in text for _, text in said)
    assert any(level == "warning" and text.startswith("two: failed 3 times") for level, text in said)


@pytest.mark.parametrize(
    "given, error, said",
    [
        ({"rules": []}, ConfigError, "nothing to watch"),
        ({"rules": "exa mple"}, ConfigError, "exa mple"),
        ({"start": "tomorrow"}, ConfigError, "read.from"),
        ({"options": {"read.memroy": 1}}, ConfigError, "did you mean"),
        ({"options": {"watch.rules": ["x.example"]}}, ConfigError, "watch.rules"),
        ({"lists": ["mozilla"], "log_lists": ()}, ConfigError, "logs.lists"),
        ({"logs": ["http://elsewhere.test/"]}, ConfigError, "no log"),
        ({"contact": "(us)"}, ConfigError, "User-Agent"),
        ({"log_lists": ["http://world.test/none.json"]}, RemoteError, "404"),
        ({"state": "a b"}, ConfigError, "a name is letters"),
        ({"rules": Watchlist.load(["a.example"]), "files": ["x.txt"]}, ConfigError, "Watchlist"),
    ],
)
@in_simulated_time
async def test_what_makes_no_sense(world: World, given: dict[str, object], error: type[Exception], said: str) -> None:
    if "contact" in given:
        given = {**given, "transport": None}
    with pytest.raises(error, match=said.replace("(", r"\(")):
        async for _ in watching(world, **given):
            pass
    assert len(asyncio.all_tasks()) == 1


@in_simulated_time
async def test_a_state_that_another_follows_is_refused(world: World, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=world.clock, follow=True):
        with pytest.raises(StateError, match="--state"):
            await anext(watching(world, state=tmp_path))


@pytest.mark.parametrize("rules", [5, b"a.example", [b"a.example"]])
@in_simulated_time
async def test_rules_of_another_type_are_a_type_error(world: World, rules: object) -> None:
    with pytest.raises(TypeError, match=r"rules are a text|a rule is text"):
        await anext(watching(world, rules))
