"""All that a scan's results are written to."""

from __future__ import annotations

import asyncio
import io
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from certhia.cli import outputs
from certhia.cli.messages import Messages
from certhia.cli.outputs import Outputs
from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError, StateError
from certhia.scanner.records import Failure, Found, Result, Target
from certhia.scanner.report.document import Figures

FIGURES = Figures({}, 1.0, 1.0)
RESULT = Result(
    Target("192.0.2.1", None, None, "192.0.2.1", 443),
    1.0,
    0.1,
    failure=Failure("refused", "connect"),
    names=(Found("www.example.com", "ptr"),),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A stream that a full disk stands behind."""
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        yield stream


def made(
    *files: Path, messages: Messages | None = None, places: dict[str, int] | None = None, **given: object
) -> Outputs:
    options = ScanOptions(files=files, **given)
    said = messages or Messages(Clock(), format="text", least="info")
    return Outputs(options, said, color=False, mode="ip_scan", places=places)


async def test_all_of_them(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = made(tmp_path / "a.jsonl", tmp_path / "a.json", format="domains")
    out.take([RESULT])
    await out.finish(FIGURES)
    await out.close()
    assert json.loads((tmp_path / "a.jsonl").read_text())["ip"] == "192.0.2.1"
    assert json.loads((tmp_path / "a.json").read_text())["results"][0]["status"] == "refused"
    assert capfd.readouterr().out == "www.example.com\n"


async def test_the_document_on_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    out = made(format="json")
    out.take([RESULT])
    await out.finish(FIGURES)
    assert json.loads(capfd.readouterr().out)["metadata"]["version"] == "1.0"


async def test_a_file_whose_name_does_not_say_takes_the_format(tmp_path: Path) -> None:
    out = made(tmp_path / "results", format="csv")
    out.take([RESULT])
    await out.finish(FIGURES)
    assert (tmp_path / "results").read_text().startswith("timestamp,")


def test_nothing_is_left_where_one_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        made(tmp_path / "a.json", tmp_path / "none" / "a.jsonl")
    with pytest.raises(ConfigError, match="--resume needs"):
        made(tmp_path / "a.json", resume=True)
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_was_no_part_of_the_scan_gets_no_half_of_it(tmp_path: Path) -> None:
    before, further = tmp_path / "a.jsonl", tmp_path / "b.csv"
    before.write_text("{}\n")
    with pytest.raises(ConfigError, match=r"b\.csv: was not part of that scan: leave it out, or begin anew without"):
        made(before, further, resume=True, places={str(before): 1})
    assert (before.read_text(), further.exists()) == ("{}\n", False), "nothing is touched"


async def test_names_of_an_earlier_run_are_not_told_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("www.example.com\n")
    out = made(path, places={str(path): path.stat().st_size})
    out.take([RESULT, RESULT._replace(names=(Found("new.example", "ptr"),))])
    await out.finish(FIGURES)
    assert path.read_text() == "www.example.com\nnew.example\n"


async def test_a_disk_that_is_full() -> None:
    out = made(Path("/dev/full"), format="jsonl")
    with pytest.raises(StateError, match="/dev/full: results cannot be written: No space left on device: make room"):
        out.take([RESULT])
    await out.close()


async def test_a_terminal_shows_results_above_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setattr(outputs, "BEHIND", 100)
    out = made(format="human")
    out.take([RESULT] * 10)
    assert out.behind()
    assert not out.unread
    await out.finish(FIGURES)
    assert len(screen.getvalue().splitlines()) == 10
    assert not out.behind()


async def test_a_terminal_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Terminal):
        def write(self, _: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("sys.stdout", Gone())
    out = made(format="human")
    out.take([RESULT])
    await out.finish(FIGURES)
    assert out.unread


@pytest.mark.parametrize("name", ["jsonl", "csv", "domains", "human", "tlsxtractor"])
async def test_standard_output_on_a_full_disk(name: str, full: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", full)
    out = made(format=name)
    out.take([RESULT])
    assert not out.unread
    with pytest.raises(StateError, match="standard output: results cannot be written: No space left on device"):
        await out.finish(FIGURES)
    await out.close()
    assert out.written() < out.given()


async def test_a_scan_does_not_go_on_for_a_full_disk(full: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", full)
    out = made(format="jsonl")
    out.take([RESULT])
    await out.drain()
    with pytest.raises(StateError, match="--resume then goes on"):
        out.take([RESULT])
    with pytest.raises(StateError):
        out.check()
    await out.close()


async def test_a_document_that_a_full_disk_does_not_take_names_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    out = made(tmp_path / "a.json")
    out.take([RESULT])
    with pytest.raises(StateError, match=r"a\.json: cannot be written: No space left on device"):
        await out.finish(FIGURES)
    await out.close()
    assert os.listdir(tmp_path) == []  # noqa: PTH208  (a directory of one file)


def waited(capsys: pytest.CaptureFixture[str]) -> None:
    """Until it is told that nobody reads."""
    while "is not read yet" not in capsys.readouterr().err:
        threading.Event().wait(0.001)


async def test_a_slow_reader_gets_all_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(outputs, "GRACE", 0.01)
    with os.fdopen(writing, "w", encoding="utf-8") as stream, os.fdopen(reading, "rb") as reader:
        monkeypatch.setattr("sys.stdout", stream)
        out = made(format="jsonl")
        out.take([RESULT] * 1000)
        finishing = asyncio.create_task(out.finish(FIGURES))
        await asyncio.to_thread(waited, capsys)
        got = await asyncio.to_thread(reader.read, out.given())
        await finishing
    assert got.count(b"\n") == 1000


async def test_a_reader_that_stands_still_does_not_hold_a_scan_that_was_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(outputs, "GRACE", 0.01)
    said = Messages(Clock(), format="text", least="info")
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        out = Outputs(ScanOptions(format="jsonl"), said, color=False, mode="ip_scan", patient=lambda: False)
        out.take([RESULT] * 1000)
        await out.finish(FIGURES)
        assert out.written() < out.given()
        os.close(reading)
