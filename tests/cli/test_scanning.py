"""One scan in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest
from tests.scanner.tls_servers import context, tls_server

from certhia.cli import scanning
from certhia.cli.scanning import MODES, Scanning
from certhia.config.sources import from_values
from certhia.errors import StateError
from certhia.library.planning import kinds_of
from certhia.store.observations import Observations


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


@pytest.fixture
def given(tmp_path: Path, port: int) -> dict[str, object]:
    return {
        "scan.targets": [f"127.0.0.1:{port}"],
        "scan.allow_private": True,
        "scan.format": "silent",
        "state.name": str(tmp_path / "state"),
    }


@pytest.fixture
def full() -> Iterator[TextIO]:
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        yield stream


async def test_the_picture(
    given: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(scanning, "DRAWS", 0.0)
    assert await Scanning(from_values({**given, "scan.targets": ["127.0.0.0/28"], "scan.rate": 200.0})).run() == 0
    err = capsys.readouterr().err
    assert " at once" in err
    assert "16 targets (" in err


@pytest.mark.parametrize("rate, how_long", [(400.0, "0s at 400 a second"), (None, "--rate bounds it")])
async def test_a_large_scan_says_how_large_it_is(
    given: dict[str, object],
    rate: float | None,
    how_long: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(scanning, "LARGE", 16)
    monkeypatch.setattr(scanning, "DRAWS", 0.0)
    asked = {**given, "scan.targets": ["127.0.0.0/28"], "scan.ports": "1", **({"scan.rate": rate} if rate else {})}
    assert await Scanning(from_values(asked)).run() == 0
    assert f"16 targets: {how_long}" in capsys.readouterr().err


async def test_quiet(given: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert await Scanning(from_values({**given, "output.quiet": True})).run() == 0
    assert capsys.readouterr() == ("", "")


async def test_messages_as_json(given: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert await Scanning(from_values({**given, "output.log_format": "json"})).run() == 0
    assert all(line.startswith("{") for line in capsys.readouterr().err.splitlines())


async def test_a_state_that_cannot_be_written_is_told_and_the_scan_goes_on(
    given: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert await Scanning(from_values({**given, "state.name": str(tmp_path / "file" / "x")})).run() == 0
    assert "this scan can't be resumed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "targets, mode",
    [(["192.0.2.1", "192.0.2.0/24"], "ip_scan"), (["https://example.com/", "example.org"], "url_scan")],
)
def test_modes_of_the_document(targets: list[str], mode: str) -> None:
    assert MODES[kinds_of(from_values({"scan.targets": targets}).scan)] == mode


async def test_what_was_found_is_kept(given: dict[str, object], tmp_path: Path) -> None:
    targets = [f"{place}:{given['scan.targets'][0].partition(':')[2]}" for place in ("127.0.0.1", "localhost")]  # type: ignore[index]
    for _ in range(2):
        assert await Scanning(from_values({**given, "scan.targets": targets, "scan.keep": True})).run() == 0
    held = Observations(tmp_path / "state", made=False)
    found = [*held.find("example.com")]
    assert {(one.name, one.address, one.source, len(one.certificate)) for one in found} == {
        ("www.example.com", "127.0.0.1", "san", 32),
        ("www.example.com", "127.0.0.1", "cn", 32),
    }
    assert all(one.first_seen < one.last_seen for one in found)
    held.close()


async def test_results_that_a_full_disk_does_not_take_are_asked_again(
    given: dict[str, object], full: TextIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", full)
        with pytest.raises(StateError, match="standard output: results cannot be written: No space left on device"):
            await Scanning(from_values({**given, "scan.format": "jsonl"})).run()
    capsys.readouterr()
    assert await Scanning(from_values({**given, "scan.format": "jsonl", "scan.resume": True})).run() == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
