"""What a scan finds, told to sinks: to those that ask for it, in their time, and what was not is said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.scanner.tls_servers import context, tls_server

from certhia.cli.scanning import Scanning
from certhia.config import load
from certhia.config.sinks import FileSink
from certhia.errors import RemoteError, Throttled
from certhia.library import relaying as module
from certhia.library.relaying import LAST, Relay, Relaying
from certhia.scanner.records import Failure, Result, Served, Target
from certhia.sinks.refusals import Gone, Refused
from certhia.sinks.routing import Route
from certhia.sinks.terms import Terms
from certhia.testing import SimClock, in_simulated_time


def result(number: int, *, answers: bool = True) -> Result:
    target = Target("x", None, None, f"2001:db8::{number}" if number == 9 else f"192.0.2.{number}", 443)
    if not answers:
        return Result(target, 1.0, 0.1, failure=Failure("refused", "connect"))
    return Result(target, 1.0, 0.1, Served(0x0304, 0x1301, None, None, ()))


class Notes:
    """A sink that takes records, unless it is told to fail."""

    name = "notes"

    def __init__(self, errors: list[Exception]) -> None:
        self.errors = errors
        self.told: list[Mapping[str, Any]] = []

    async def send(self, deliveries: object) -> None:
        raise AssertionError("no matches come of a scan")

    async def note(self, record: Mapping[str, object]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.told.append(record)

    async def close(self) -> None:
        pass


class Desk:
    def __init__(self, clock: SimClock, *errors: Exception, terms: Terms | None = None) -> None:
        self.sink, self.said, self.clock = Notes([*errors]), list[str](), clock
        route = Route.of(FileSink(path=Path("x"), events=("scan", "scan.*", "vulnerability.detected")), ("alert",))
        relay = Relay(self.sink, terms or Terms(pauses=(1000.0,)), clock, self.say, route)
        self.relaying = Relaying([relay], "scan", clock, self.say)

    def say(self, text: str, *, level: str = "info", log: str = "") -> None:
        del log
        self.said.append(f"{level}: {text}")


@asynccontextmanager
async def desk(clock: SimClock, *errors: Exception, terms: Terms | None = None) -> AsyncIterator[Desk]:
    one = Desk(clock, *errors, terms=terms)
    yield one
    await one.relaying.close()


@in_simulated_time
async def test_servers_that_answered_are_told_again_with_the_same_id(certhia_clock: SimClock) -> None:
    ids = []
    for _ in range(2):
        async with desk(certhia_clock) as at:
            await asyncio.to_thread(at.relaying.take, [result(1), result(2, answers=False), result(9)])
            await at.relaying.finish()
            first, second = at.sink.told
            assert (first["type"], first["ip"], first["text"]) == (
                "scan",
                "192.0.2.1",
                "192.0.2.1:443: nothing is wrong with it",
            )
            assert second["text"].startswith("[2001:db8::9]:443")
            ids.append((first["id"], second["id"]))
            assert at.said == []
    assert ids[0] == ids[1]
    assert len({*ids[0]}) == 2


@in_simulated_time
async def test_what_fails_is_tried_again_in_time_and_said_once(certhia_clock: SimClock) -> None:
    async with desk(certhia_clock, OSError("down"), OSError("down"), Throttled("busy", 7.0)) as at:
        at.relaying.take([result(1), result(2)])
        await at.relaying.finish()
        assert len(at.sink.told) == 2
        assert at.said == ["warning: notes: could not be told, tried again while the scan runs: down"]


@in_simulated_time
async def test_a_sink_that_is_down_costs_a_minute_and_is_said_what_it_lacks(
    certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    begun = certhia_clock.monotonic()
    async with desk(certhia_clock, *[OSError("down")] * 99) as at:
        at.relaying.take([result(number) for number in range(5)])
        await at.relaying.finish()
        assert certhia_clock.monotonic() - begun == LAST
        assert at.said[1:] == [
            "error: notes: 5 results were not told: could not be told, tried again while the scan runs: down"
        ]


@pytest.mark.parametrize(
    "error, told, left", [(Refused("no room"), 1, 1), (Gone("410"), 0, 2), (RemoteError("500"), 2, 0)]
)
@in_simulated_time
async def test_what_is_refused_is_said(certhia_clock: SimClock, error: Exception, told: int, left: int) -> None:
    async with desk(certhia_clock, error, terms=Terms(pauses=(1.0,), rate=10.0)) as at:
        at.relaying.take([result(1), result(2)])
        await at.relaying.finish()
        assert len(at.sink.told) == told
        assert any(f"{left} results were not told" in text for text in at.said) is bool(left)


async def test_a_scan_tells_the_sinks_that_ask_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "certhia.toml"
    file.write_text(
        f'[sinks.found]\ntype = "file"\npath = "{tmp_path}/found.jsonl"\nevents = ["scan"]\n'
        f'[sinks.other]\ntype = "file"\npath = "{tmp_path}/other.jsonl"\n'
    )
    with tls_server(context()) as port:
        values = {
            "scan.targets": [f"127.0.0.1:{port}", "127.0.0.1:1"],
            "scan.allow_private": True,
            "scan.format": "silent",
            "state.name": str(tmp_path / "state"),
        }
        assert await Scanning(load(values, file, {"HOME": str(tmp_path)})).run() == 0
    (told,) = map(json.loads, (tmp_path / "found.jsonl").read_text().splitlines())
    assert (told["type"], told["ip"], told["port"]) == ("scan", "127.0.0.1", port)
    assert "untrusted" in told["text"]
    assert not (tmp_path / "other.jsonl").exists(), "who asks for matches alone is not opened"
    assert "not told" not in capsys.readouterr().err


async def test_a_scan_tells_its_events_to_the_sinks_that_ask_for_them(tmp_path: Path) -> None:
    file = tmp_path / "certhia.toml"
    file.write_text(
        f'[sinks.found]\ntype = "file"\npath = "{tmp_path}/found.jsonl"\nevents = ["scan.*", "vulner*"]\n'
        'severities = ["high"]\n'
    )
    with tls_server(context()) as port:
        values = {
            "scan.targets": [f"127.0.0.1:{port}"],
            "scan.allow_private": True,
            "scan.format": "silent",
            "state.name": str(tmp_path / "state"),
        }
        assert await Scanning(load(values, file, {"HOME": str(tmp_path)})).run() == 0
    told = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    types = [one["type"] for one in told]
    assert (types[0], types[-1]) == ("scan.started", "scan.completed")
    assert {one["data"]["severity"] for one in told if one["type"] == "vulnerability.detected"} == {"high"}
    assert len({one["metadata"]["correlation_id"] for one in told}) == 1
