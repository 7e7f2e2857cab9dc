"""Standard streams that are closed, or lead to a full disk."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from certhia.cli import streams
from certhia.cli.app import run
from certhia.sinks.writer import Nowhere

FULL = "certhia: standard output: cannot be written: No space left on device: make room where it leads\n"
CLOSED = "certhia: standard output: cannot be written: Bad file descriptor: have it lead somewhere\n"


def shell(line: str) -> tuple[int, str, str]:
    """Runs `certhia LINE` in a shell; (status, output, errors)."""
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m certhia {line}', sys.executable], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "line, status, said",
    [
        ("schema match > /dev/full", 1, FULL),
        ("schema match >&-", 1, CLOSED),
        ("scan --help > /dev/full", 1, FULL),
        ("tls 127.0.0.1:1 > /dev/full", 1, FULL),
        ("tls 127.0.0.1:1 >&-", 1, CLOSED),
        (
            "scan 127.0.0.1:1 --allow-private --state ./none >&-",
            2,
            "certhia: there is no standard output to write to; use --format silent with -o FILE\n",
        ),
    ],
)
def test_what_can_not_be_written_is_said_in_a_line(
    line: str, status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shell(line) == (status, "", said)


def test_without_standard_error_nothing_gets_into_the_output() -> None:
    assert shell("tls 127.0.0.1:1 2>&-") == (1, "127.0.0.1:1\nrefused at connect\n", "")


def test_without_standard_input() -> None:
    status, _, said = shell("explain - <&-")
    assert status == 2
    assert "Traceback" not in said


def test_other_errors_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise OSError(28, "No space left on device", "elsewhere")

    monkeypatch.setattr("certhia.cli.app.app", broken)
    with pytest.raises(OSError, match="elsewhere"):
        run(["schema"])


def test_in_a_group_of_tasks_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: object) -> None:
        raise BaseExceptionGroup("tasks", [OSError(28, "No space left on device", streams.OUTPUT)])

    monkeypatch.setattr("certhia.cli.app.app", broken)
    monkeypatch.setattr("certhia.cli.streams.give_up", lambda: None)
    with pytest.raises(SystemExit, match="1"):
        run(["schema"])
    assert capsys.readouterr().err == FULL


def test_there_may_be_none() -> None:
    assert not Nowhere().isatty()
    with pytest.raises(OSError, match="standard output"):
        print("x", file=Nowhere())
    assert streams.why_unwritten(BrokenPipeError(32, "Broken pipe", streams.OUTPUT)) is None
    assert streams.why_unwritten(io.UnsupportedOperation("x")) is None
