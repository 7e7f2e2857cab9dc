"""The command line as a whole: errors in plain lines, exit statuses, options with or without a value."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Command

from certhia.cli import collector, main
from certhia.cli.app import fail, with_values
from certhia.errors import ConfigError, RemoteError, StateError

COMMANDS = ("watch", "logs", "entry", "fsck", "schema", "demo")


@pytest.mark.parametrize(
    "given, made",
    [
        (["watch", "--stats"], ["watch", "--stats=60"]),
        (["watch", "--stats", "30", "x"], ["watch", "--stats", "30", "x"]),
        (["watch", "--stats", "2.5"], ["watch", "--stats", "2.5"]),
        (["watch", "--stats", "example.com"], ["watch", "--stats=60", "example.com"]),
        (["watch", "--stats", "192.0.2.1"], ["watch", "--stats=60", "192.0.2.1"]),
        (["watch", "--stats", "-q"], ["watch", "--stats=60", "-q"]),
        (["watch", "--stats=5"], ["watch", "--stats=5"]),
        (["watch", "--probe"], ["watch", "--probe=now,5m,1h,1d"]),
        (["watch", "--probe", "example.com"], ["watch", "--probe=now,5m,1h,1d", "example.com"]),
        (["watch", "--probe", "now,1h", "x"], ["watch", "--probe", "now,1h", "x"]),
        (["watch", "--probe", "2h", "x"], ["watch", "--probe", "2h", "x"]),
        (["watch", "example.com"], ["watch", "example.com"]),
        (["watch", "--", "--stats"], ["watch", "--", "--stats"]),
        ([], []),
    ],
)
def test_options_that_may_stand_alone(given: list[str], made: list[str]) -> None:
    assert with_values(given) == made


@pytest.mark.parametrize(
    "error, status", [(ConfigError("no such rule"), 2), (RemoteError("down"), 1), (StateError("full"), 1)]
)
def test_exit_statuses(capsys: pytest.CaptureFixture[str], error: Exception, status: int) -> None:
    assert fail(error) == status
    assert capsys.readouterr().err == f"certhia: {error}\n"


def test_an_error_of_several_lines_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    fail(ConfigError("one\ntwo\x1b[31m"))
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith("certhia: ") for line in lines] == [True, True]
    assert "\x1b" not in lines[1]


def test_an_error_without_words_has_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    fail(RemoteError())
    assert capsys.readouterr().err == "certhia: RemoteError\n"


def test_an_early_interrupt_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Before a command handles SIGINT itself, Python raises wherever it is."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(collector, "begin", interrupted)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_help(certhia: Command, command: str) -> None:
    done = certhia(command, "--help")
    assert done.status == 0
    assert done.out.startswith("Usage:") or "Usage:" in done.out
    assert done.err == ""


def test_all_commands_are_listed(certhia: Command) -> None:
    out = certhia("--help").out
    assert all(command in out for command in COMMANDS)


def test_the_version(certhia: Command) -> None:
    assert certhia("--version").out.startswith("certhia ")


@pytest.mark.parametrize("arguments", [["nonsense"], ["watch", "--nonsense"], ["entry", "--index"]])
def test_what_makes_no_sense_is_status_2(certhia: Command, arguments: list[str]) -> None:
    done = certhia(*arguments)
    assert done.status == 2
    assert done.out == ""
    assert arguments[-1] in done.err
