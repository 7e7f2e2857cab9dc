"""All that a scan's results are written to."""

from __future__ import annotations

import io
import json
from pathlib import Path

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
