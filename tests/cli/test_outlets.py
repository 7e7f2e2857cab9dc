"""Where matches go besides the configured sinks, while that changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.sinks.conftest import delivery

from certhia.cli.messages import Messages
from certhia.cli.outlets import Outlets, is_terminal
from certhia.clock import Clock
from certhia.config import Settings, load
from certhia.errors import ConfigError
from certhia.model import Alarm, Sink
from certhia.sinks.file import File

Captured = pytest.CaptureFixture[str]


def settings(tmp_path: Path, **output: object) -> Settings:
    return load({f"output.{name}": value for name, value in output.items()}, None, {"HOME": str(tmp_path)})


class Rig:
    """Outlets, and who has their sinks in use."""

    def __init__(self, before: Settings, *, watches: Callable[[Settings], bool] = lambda _: True) -> None:
        self.outlets = Outlets(Clock(), Messages(Clock(), format="text", least="info"))
        self.now = before
        self.sinks = {sink.name: sink for sink in self.outlets.open(before, watches=watches)}

    async def swap(self, gone: Sequence[str], come: Sequence[Sink]) -> None:
        for name in gone:
            del self.sinks[name]
        self.sinks |= {sink.name: sink for sink in come}

    async def change(self, after: Settings) -> None:
        commit = await self.outlets.prepare(self.swap, self.now, after)
        waits = commit()
        assert waits is not None
        await waits
        self.now = after

    async def tell(self, number: int) -> None:
        for sink in self.sinks.values():
            await sink.send([delivery(number)])


async def test_files_and_the_shape_of_standard_output(tmp_path: Path, capfd: Captured) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.csv"
    rig = Rig(settings(tmp_path, format="jsonl", files=[first]))
    await rig.tell(1)
    kept = rig.sinks[f"file:{first}"]
    await rig.change(settings(tmp_path, format="csv", files=[first, second]))
    assert rig.sinks[f"file:{first}"] is kept
    await rig.tell(2)
    await rig.change(settings(tmp_path, format="silent", files=[second]))
    assert list(rig.sinks) == [f"file:{second}"]
    await rig.tell(3)
    await rig.change(settings(tmp_path, format="jsonl"))
    await rig.tell(4)
    await rig.outlets.close()
    out = capfd.readouterr().out.splitlines()
    assert [line[0] for line in out] == ["{", "t", out[2][0], "{"]
    assert len(first.read_text().splitlines()) == 2
    assert len(second.read_text().splitlines()) == 3
    assert (rig.outlets.dropped, rig.outlets.unread) == (0, False)


async def test_alarms_go_to_the_file_of_now(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    rig, alarm = Rig(settings(tmp_path, format="silent", alarms=first)), Alarm("disk", "is full")
    rig.outlets.hears(alarm, cleared=False)
    await rig.change(settings(tmp_path, format="silent", alarms=second))
    rig.outlets.hears(alarm, cleared=True)
    await rig.change(settings(tmp_path, format="silent"))
    rig.outlets.hears(alarm, cleared=False)
    await rig.outlets.close()
    assert [json.loads(path.read_text())["event"] for path in (first, second)] == ["raised", "cleared"]


async def test_what_cant_be_opened_changes_nothing(tmp_path: Path) -> None:
    rig = Rig(settings(tmp_path, format="silent", files=[tmp_path / "a.jsonl"]))
    bad = settings(tmp_path, format="silent", files=[tmp_path / "b.jsonl"], alarms=tmp_path / "no" / "alarms")
    for _ in range(2):
        with pytest.raises(ConfigError, match="alarms can't be written there"):
            await rig.change(bad)
    assert list(rig.sinks) == [f"file:{tmp_path / 'a.jsonl'}"]
    (opened,) = rig.outlets._opened
    await rig.outlets.close()
    assert rig.outlets._opened == []
    assert isinstance(opened, File)
    assert opened._descriptor == -1


async def test_nothing_is_shown_where_nothing_is_looked_for(tmp_path: Path) -> None:
    rig = Rig(settings(tmp_path), watches=lambda one: bool(one.watch.rules))
    await rig.change(settings(tmp_path, format="jsonl"))
    assert rig.sinks == {}
    assert rig.outlets.stdout is None
    await rig.change(load({"output.format": "jsonl", "watch.rules": ["example.com"]}, None, {"HOME": str(tmp_path)}))
    assert list(rig.sinks) == ["stdout"]
    await rig.change(settings(tmp_path, format="jsonl"))
    assert rig.sinks == {}
    assert not is_terminal(None)
    await rig.outlets.close()
