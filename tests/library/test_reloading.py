from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from certhia.config import Settings, load, on_reload
from certhia.config.differing import Change
from certhia.config.sources import from_values
from certhia.errors import ConfigError, RemoteError
from certhia.library.applying import steps_of
from certhia.library.reloading import Again, Commit, Reloading, Step, again_of
from certhia.testing import SimClock, in_simulated_time


class Told(list[str]):
    def __call__(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.append(text)


class Rig:
    """Settings of a file, and a step that notes what it is given."""

    def __init__(self, file: Path, *, idle: tuple[str, ...] = ("scan.",)) -> None:
        self.file, self.told = file, Told()
        self.prepared: list[tuple[str, str]] = []
        self.held: list[str] = []
        self.error: Exception | None = None
        file.write_text('[read]\npatience = "5s"\n')
        self.reloading = Reloading(
            load({}, file, {}), again_of({}, file, {}), idle=idle, clock=SimClock(), tell=self.told
        )
        self.reloading.steps += [Step(("read.patience",), self.one), Step(("logs.", "read.patience"), self.two)]

    async def one(self, before: Settings, after: Settings) -> Commit:
        self.prepared.append((f"{before.read.patience}", f"{after.read.patience}"))
        return lambda: self.held.append("one")

    async def two(self, before: Settings, after: Settings) -> Commit:
        del before, after
        if self.error is not None:
            raise self.error

        async def commit() -> None:
            self.held.append("two")

        return commit

    async def write(self, text: str) -> None:
        self.file.write_text(text)
        self.reloading.settings.ask()
        await self.reloading.settings.look()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "c.toml")


@in_simulated_time
async def test_what_differs_is_taken_over(rig: Rig) -> None:
    await rig.write('[read]\npatience = "7s"\n')
    assert rig.prepared == [("5.0", "7.0")]
    assert rig.held == ["one", "two"]
    assert rig.told == ['settings reloaded: read.patience is "7s" (was "5s")']
    assert rig.reloading.settings.current.read.patience == 7
    await rig.write('[read]\npatience = "7s"\n[logs]\ndeny = ["x"]\n')
    assert rig.prepared == [("5.0", "7.0")]
    assert rig.held == ["one", "two", "two"]


@in_simulated_time
async def test_what_means_nothing_here_is_let_be(rig: Rig) -> None:
    await rig.write('[read]\npatience = "5s"\n[scan]\nrate = 5\n')
    assert rig.held == []
    assert rig.told == ["settings reloaded: scan.rate is 5 (was not set)"]


@pytest.mark.parametrize(
    "key, text",
    [
        ("state.name", '[state]\nname = "other"\n'),
        ("serve.listen", '[serve]\nlisten = ":99"\n'),
        ("watch.dedupe_size", "[watch]\ndedupe_size = 5\n"),
    ],
)
@in_simulated_time
async def test_what_needs_a_restart_is_refused_by_name(rig: Rig, key: str, text: str) -> None:
    await rig.write(f'[read]\npatience = "7s"\n{text}')
    assert rig.held == []
    assert rig.reloading.settings.current.read.patience == 5
    (told,) = rig.told
    assert "can't change while this runs; restart, or undo that: nothing was taken over" in told
    assert key in told
    assert rig.reloading.settings.trouble
    await rig.write('[read]\npatience = "7s"\n')
    assert rig.reloading.settings.trouble == ""
    assert rig.held == ["one", "two"]


@in_simulated_time
async def test_a_bad_file_changes_nothing(rig: Rig) -> None:
    await rig.write('[read]\npatience = "soon"\nmemroy = 1\n')
    assert rig.reloading.settings.current.read.patience == 5
    assert rig.told[0] == "settings not reloaded, the old ones stay in use: the configuration has 2 problems:"
    assert len(rig.told) == 3
    rig.file.unlink()
    rig.reloading.settings.ask()
    await rig.reloading.settings.look()
    assert "cannot be read" in rig.told[3]


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("no such thing"),
        RemoteError("no such thing"),
        OSError("no such thing"),
        LookupError("no such thing"),
    ],
)
@in_simulated_time
async def test_a_step_that_fails_undoes_all(rig: Rig, error: Exception) -> None:
    rig.error = error
    await rig.write('[read]\npatience = "7s"\n')
    assert rig.prepared
    assert rig.held == []
    (told,) = rig.told
    assert told.startswith("settings not reloaded, the old ones stay in use: ")
    assert told.endswith("no such thing") or "'no such thing'" in told
    assert rig.reloading.settings.current.read.patience == 5


@in_simulated_time
async def test_a_fault_while_they_are_put_in_place_keeps_no_other_back(rig: Rig) -> None:
    async def third(before: Settings, after: Settings) -> Commit:
        del before, after

        async def commit() -> None:
            raise LookupError("mine")

        return commit

    rig.reloading.steps.insert(0, Step(("read.patience",), third))
    await rig.write('[read]\npatience = "7s"\n')
    assert rig.held == ["one", "two"]
    assert rig.reloading.settings.current.read.patience == 7
    assert "a fault of ours while new settings were put in place" in rig.told[0]
    await rig.write('[read]\npatience = "5s"\n')
    assert rig.prepared == [("5.0", "7.0"), ("7.0", "5.0")]


@in_simulated_time
async def test_others_hear_of_it(rig: Rig) -> None:
    heard: list[Mapping[str, Change]] = []

    def broken(_changes: Mapping[str, Change]) -> None:
        raise LookupError("mine")

    forget = [on_reload(broken), on_reload(heard.append)]
    await rig.write('[read]\npatience = "7s"\n')
    assert heard == [{"read.patience": (5.0, 7.0)}]
    assert "broken could not take the new settings: LookupError: mine" in rig.told[0]
    for one in forget:
        one()
        one()
    await rig.write('[read]\npatience = "8s"\n')
    assert len(heard) == 1


@in_simulated_time
async def test_the_usual_file_may_come_later(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    again = again_of({}, None, environment)
    assert again.load().read.patience == 60
    again.file.parent.mkdir()
    again.file.write_text('[read]\npatience = "5s"\n')
    assert again.load().read.patience == 5
    assert isinstance(again_of({}, None, environment), Again)
    again_of({}, None, environment).file.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        _vanished(tmp_path, environment)


def _vanished(tmp_path: Path, environment: Mapping[str, str]) -> None:
    path = tmp_path / "certhia" / "certhia.toml"
    path.write_text("")
    again = again_of({}, None, environment)
    path.unlink()
    again.load()


@in_simulated_time
async def test_files_of_secrets_are_followed_too(tmp_path: Path) -> None:
    file, first, second = (tmp_path / name for name in ("c.toml", "first", "second"))
    text = '[sinks.chat]\ntype = "webhook"\nurl = "https://a.example/"\nctscout_secret_file = "%s"\n'
    first.write_text("one")
    second.write_text("two")
    file.write_text(text % "first")
    told, taken = Told(), list[str]()

    async def take(before: Settings, after: Settings) -> Commit:
        del before
        return lambda: taken.append(after.sinks["chat"].ctscout_secret.get_secret_value())  # type: ignore[union-attr]

    reloading = Reloading(load({}, file, {}), again_of({}, file, {}), idle=(), clock=SimClock(), tell=told)
    reloading.steps.append(Step(("sinks.",), take))
    assert reloading.settings.paths == (file, first)
    first.write_text("another")
    await reloading.settings.look()
    file.write_text(text % "second")
    await reloading.settings.look()
    assert reloading.settings.paths == (file, second)
    await reloading.settings.look()
    second.write_text("a third")
    await reloading.settings.look()
    assert taken == ["another", "two", "a third"]
    assert told == ["settings reloaded: sinks.chat.ctscout_secret is another one"] * 3
    second.unlink()
    await reloading.settings.look()
    assert "cannot be read" in reloading.settings.trouble


def test_every_key_is_taken_over_or_needs_a_restart() -> None:
    """So that nothing in the file is silently without effect."""
    from certhia.cli.outlets import OUTLETS
    from certhia.cli.session import SPEAKING
    from certhia.config.keys import fields, needs_restart
    from certhia.library.exposing import EXPOSED
    from certhia.library.serving import LIVE

    parts = SimpleNamespace(added=True)
    steps = steps_of(parts, None, None)  # type: ignore[arg-type]  # only their keys are looked at
    hot = [*SPEAKING, *OUTLETS, *LIVE, *EXPOSED, "watch.rules", "watch.files", "state.max_events"]
    for key, field in fields().items():
        taken = key in hot or key.startswith("platforms.") or any(step.has(key) for step in steps)
        ways = (taken, needs_restart(field), key.startswith("scan."))
        assert sum(ways) == 1, f"{key}: is taken over by {ways}"
    assert steps[-1].has("sinks.chat.url")
    assert any(step.has('logs."https://ct.example/".rate') for step in steps)


def test_what_needs_a_restart_is_told_with_the_reason(root: Path) -> None:
    from certhia.config.keys import fields, needs_restart

    page = (root / "docs" / "guide" / "reloading.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z]+\.[a-z_]+)`", "".join(re.findall(r"^    \| `.*", page, re.MULTILINE))))
    assert told == {key for key, field in fields().items() if needs_restart(field)}


@in_simulated_time
async def test_settings_of_values() -> None:
    settings = from_values({})
    reloading = Reloading(settings, Again(lambda: settings, Path("/none")), idle=(), clock=SimClock(), tell=Told())
    await reloading.settings.look()
    await asyncio.sleep(0)
    assert reloading.settings.current is settings
