"""Alarms in a file: a line when one is raised, a line when it is over."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from certhia.errors import ConfigError
from certhia.model import Alarm
from certhia.sinks.alarms import KEPT, AlarmFile, line, schema
from certhia.testing import SimClock

ALARM = Alarm("stale:00ff", "signed no head\x1b[31m", 1_800_000_000.0, "Log")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(text) for text in path.read_text().splitlines()]


async def test_raised_and_over(tmp_path: Path) -> None:
    clock = SimClock(1_800_000_060.0)
    hears = AlarmFile(tmp_path / "alarms.jsonl", clock, lambda *_, **__: None)
    hears(ALARM, cleared=False)
    clock.advance(60)
    hears(ALARM, cleared=True)
    await hears.close()
    first, second = lines(tmp_path / "alarms.jsonl")
    assert first == {
        "type": "alarm",
        "event": "raised",
        "kind": "stale",
        "key": "stale:00ff",
        "log": "Log",
        "text": "signed no head\x1b[31m",
        "since": "2027-01-15T08:00:00.000Z",
        "at": "2027-01-15T08:01:00.000Z",
    }
    assert second == first | {"event": "cleared", "at": "2027-01-15T08:02:00.000Z"}


def test_each_line_is_inert_and_as_the_schema_says() -> None:
    Draft202012Validator.check_schema(schema())
    for alarm in (ALARM, Alarm("contact", "none\n\u202e", 5.0)):
        data = line(alarm, 7.0, cleared=False)
        assert data.endswith(b"\n")
        assert data[:-1].isascii()
        assert not any(byte < 0x20 for byte in data[:-1])
        Draft202012Validator(schema()).validate(json.loads(data))


def test_one_that_cannot_be_written_from_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="alarms can't be written there: No such file"):
        AlarmFile(tmp_path / "gone" / "alarms.jsonl", SimClock(), lambda *_, **__: None)


async def test_what_cannot_be_written_waits_and_that_is_told_once(tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "there" / "alarms.jsonl"
    path.parent.mkdir()
    hears = AlarmFile(path, SimClock(), lambda text, **_: said.append(text))
    path.unlink()
    path.parent.rmdir()
    for number in range(KEPT + 5):
        hears(Alarm(str(number), "x"), cleared=False)
    assert hears._last is not None
    await asyncio.wait([hears._last])
    path.parent.mkdir()
    hears(ALARM, cleared=False)
    await hears.close()
    told = lines(path)
    assert len(told) == KEPT
    assert said == [f"{path}: alarms can't be written, and wait: No such file or directory"]
    assert told[-1]["key"] == ALARM.key
    assert stat.S_ISREG(path.stat().st_mode)
