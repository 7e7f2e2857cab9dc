"""One run in a terminal: what is printed where, how it ends, what it leaves."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from certhia.cli.session import Session
from certhia.config import load
from certhia.errors import ConfigError, StateError
from certhia.store import State
from certhia.testing import World, fail, in_simulated_time

Captured = pytest.CaptureFixture[str]


def session(world: World, url: str, path: Path, seconds: float | None = 12, **given: object) -> Session:
    """A session over the world; settings by key with `__` for the dot."""
    settings: dict[str, object] = {
        "logs.log_list": [f"{url}log_list.json"],
        "state.name": f"{path}/state",
        "read.from": "beginning",
        "read.poll_static": 1,
        "read.poll_rfc6962": 1,
        "read.patience": 2,
        "read.contact": "mailto:us@certhia.test",
        "watch.rules": ["example.com"],
        "output.format": "jsonl",
    }
    settings |= {name.replace("__", "."): value for name, value in given.items()}
    return Session(load(settings, None, {"HOME": str(path)}), clock=world.clock, seconds=seconds)


async def ran(world: World, path: Path, seconds: float | None = 12, **given: object) -> int:
    """Serves the world and runs a session over it."""
    async with world.serve() as url:
        return await session(world, url, path, seconds, **given).run()


@pytest.fixture
def world(certhia_world: World) -> World:
    certhia_world.rfc6962("one", description="First")
    certhia_world.static("two", description="Second")
    certhia_world.grow(30)
    return certhia_world


@in_simulated_time
async def test_matches_on_stdout_the_summary_on_stderr(world: World, tmp_path: Path, capfd: Captured) -> None:
    assert await ran(world, tmp_path) == 0
    out, err = capfd.readouterr()
    names = [json.loads(line)["rules"][0]["name"] for line in out.splitlines()]
    assert sorted(names) == sorted(f"host{number}.example.com" for number in range(30))
    (line,) = [line for line in err.splitlines() if "entries seen" in line]
    assert re.fullmatch(
        r"60 entries seen in 2 logs \(5/s over 1\ds\), 60 verified, 0 quarantined, 30 matches \(30 further sightings\)",
        line,
    )
    assert "\x1b" not in out + err


@in_simulated_time
async def test_files_beside(world: World, tmp_path: Path, capfd: Captured) -> None:
    files = [tmp_path / "all.jsonl", tmp_path / "all.csv"]
    await ran(world, tmp_path, output__files=[str(path) for path in files], output__format="silent")
    assert capfd.readouterr().out == ""
    assert len(files[0].read_text().splitlines()) == 30
    assert len(files[1].read_text().splitlines()) == 31


@in_simulated_time
async def test_quiet(world: World, tmp_path: Path, capfd: Captured) -> None:
    await ran(world, tmp_path, output__quiet=True, read__contact="")
    out, err = capfd.readouterr()
    assert len(out.splitlines()) == 30
    assert err == ""


@in_simulated_time
async def test_a_missing_contact_is_mentioned_once(world: World, tmp_path: Path, capfd: Captured) -> None:
    await ran(world, tmp_path, read__contact="me@example.com")
    assert capfd.readouterr().err.count("no contact is set") == 1


@in_simulated_time
async def test_everything_is_streamed_not_stored(world: World, tmp_path: Path, capfd: Captured) -> None:
    await ran(world, tmp_path, watch__rules=["."])
    assert len(capfd.readouterr().out.splitlines()) == 30
    async with await State.open(tmp_path / "state", clock=world.clock, follow=False) as state:
        assert await state.matches() == []
        assert (await state.totals())["deliveries"] == 0


@in_simulated_time
async def test_a_second_run_repeats_nothing(world: World, tmp_path: Path, capfd: Captured) -> None:
    await ran(world, tmp_path)
    capfd.readouterr()
    world.grow(5)
    await ran(world, tmp_path)
    out, err = capfd.readouterr()
    assert len(out.splitlines()) == 5
    assert "10 entries seen in 2 logs" in err
    assert "Resumed 2 logs at their verified positions, 10 entries behind" in err


@in_simulated_time
async def test_until_now_ends_by_itself(world: World, tmp_path: Path, capfd: Captured) -> None:
    await ran(world, tmp_path, seconds=None, read__until="now")
    assert len(capfd.readouterr().out.splitlines()) == 30
    assert world.clock.monotonic() < 10


@in_simulated_time
async def test_from_a_date_tells_nothing_older(world: World, tmp_path: Path, capfd: Captured) -> None:
    world.clock.advance(200_000)  # type: ignore[attr-defined]
    world.grow(3)
    await ran(world, tmp_path, read__from="2026-11-22")
    assert len(capfd.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@in_simulated_time
async def test_a_signal_ends_it_in_order(world: World, tmp_path: Path, capfd: Captured, number: signal.Signals) -> None:
    async with world.serve() as url, asyncio.TaskGroup() as group:
        running = group.create_task(session(world, url, tmp_path, None).run())
        await world.clock.sleep(6)
        os.kill(os.getpid(), number)
        asked = world.clock.monotonic()
        assert await running == 0
        assert world.clock.monotonic() - asked <= 1.0
    assert "60 entries seen" in capfd.readouterr().err


@in_simulated_time
async def test_figures(world: World, tmp_path: Path, capfd: Captured) -> None:
    world.logs["two"].hooks.append(fail(500, body=b"broken\x1b[31m"))
    await ran(world, tmp_path, seconds=31, output__stats=10)
    lines = [line.partition(" ")[2] for line in capfd.readouterr().err.splitlines()]
    figures = [line for line in lines if line.startswith("30 entries (")]
    assert len(figures) == 3
    assert figures[-1].endswith(
        "30 verified, 0 behind, 0 quarantined, 30 matches, 0 further sightings, dedupe hit rate 0%"
    )
    assert lines.count("logs: 1 healthy, 1 failed") >= 2
    (trouble, *_) = [line for line in lines if line.startswith("Second: failed: ")]
    assert "the server failed with 500" in trouble
    assert "\x1b" not in trouble


@in_simulated_time
async def test_a_health_summary_every_five_minutes_with_verbose(world: World, tmp_path: Path, capfd: Captured) -> None:
    slow = {"read__poll_static": 60, "read__poll_rfc6962": 60}
    await ran(world, tmp_path, seconds=610, output__verbose=1, **slow)
    assert capfd.readouterr().err.count("logs: 2 healthy") == 2


@in_simulated_time
async def test_json_messages(world: World, tmp_path: Path, capfd: Captured) -> None:
    world.logs["two"].hooks.append(fail(500))
    await ran(world, tmp_path, seconds=20, output__log_format="json")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert all({"event", "level", "time"} <= set(line) for line in lines)
    (failed,) = [line for line in lines if line["event"].startswith("failed 3 times")]
    assert (failed["level"], failed["log"]) == ("warning", "Second")


@in_simulated_time
async def test_live_lines_on_a_terminal(
    world: World, tmp_path: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: os.terminal_size((100, 30)))
    await ran(world, tmp_path, seconds=5)
    shown = terminal.getvalue()
    assert re.search(r"First +30 +30 +0 ", shown)
    assert "60 entries, 60 verified, 0 quarantined, 30 matches" in shown
    assert shown.count("\x1b[J") > 10, "drawn again and again in one place"
    last = shown.rpartition("\x1b[J")[2]
    assert "60 entries seen in 2 logs" in last, "the picture is gone before the summary"
    assert len(capfd.readouterr().out.splitlines()) == 30


@in_simulated_time
async def test_the_pace_is_remembered(world: World, tmp_path: Path, capfd: Captured) -> None:
    await ran(world, tmp_path)
    async with await State.open(tmp_path / "state", clock=world.clock, follow=False) as state:
        assert isinstance(json.loads(await state.recall("paces") or ""), dict)


@in_simulated_time
async def test_a_second_follower_is_refused(world: World, tmp_path: Path) -> None:
    async with world.serve() as url, await State.open(tmp_path / "state", clock=world.clock, follow=True):
        with pytest.raises(StateError, match="--state NAME"):
            await session(world, url, tmp_path).run()


@pytest.mark.parametrize(
    "given, said",
    [
        ({"watch__rules": []}, "nothing to watch"),
        ({"watch__rules": ["exa mple"]}, "exa mple"),
        ({"watch__files": ["missing.txt"]}, "missing.txt"),
        ({"watch__roots": "missing.txt"}, "missing.txt"),
        ({"read__contact": "(us)"}, "can't stand in a User-Agent"),
        ({"logs__log_list": ["missing.json"]}, "missing.json"),
        ({"logs__allow": ["nobody*"]}, "none of the 2 known logs is to be followed"),
    ],
)
@in_simulated_time
async def test_what_makes_no_sense(world: World, tmp_path: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises((ConfigError, ExceptionGroup)) as caught:
        await ran(world, tmp_path, 12, **given)
    error: BaseException = caught.value
    while isinstance(error, ExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, ConfigError)
    assert said in str(error)


@in_simulated_time
async def test_metrics_in_a_file_and_only_some_say_something(world: World, tmp_path: Path, capfd: Captured) -> None:
    file = tmp_path / "certhia.prom"
    given: dict[str, Any] = {
        "metrics__file": str(file),
        "metrics__interval": "5s",
        "log__levels": ["pipeline=error", "cli=error"],
    }
    assert await ran(world, tmp_path, **given) == 0
    _, err = capfd.readouterr()
    text = file.read_text(encoding="utf-8")
    assert "\nctscout_matches_found_total 30.0\n" in text
    assert 'certhia_log_up{log="First",' in text
    assert "not signed" not in err, "the pipeline says only errors"
