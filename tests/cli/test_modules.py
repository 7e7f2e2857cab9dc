"""certhia modules: those that there are, what one says of itself, a new one, one tried."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.modules.builtin import BUILTIN
from certhia.testing import CA
from certhia.testing.ca import pem

FAILS = "from certhia import Match, module\n\n@module\ndef fails(match: Match) -> None:\n    raise RuntimeError('no')\n"


@pytest.mark.parametrize("sees", ["entries", "matches"])
def test_a_new_module_works_and_its_test_passes(certhia: Command, tmp_path: Path, sees: str) -> None:
    done = certhia("modules", "new", "my-own", "--into", tmp_path, "--sees", sees)
    assert done.status == 0, done.err
    module, test = tmp_path / "my_own.py", tmp_path / "test_my_own.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", str(test)]
    tested = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert tested.returncode == 0, tested.stdout
    done = certhia("modules", "test", "my-own", "--autoload", module, "--limit", "1")
    assert (done.status, done.err) == (0, "")
    assert " found in 100 entries, " in done.out
    assert done.out.rstrip().endswith(" µs an entry")
    assert certhia("modules", "new", "my-own", "--into", tmp_path).status == 2


def test_what_can_be_no_new_module(certhia: Command, tmp_path: Path) -> None:
    for arguments, text in (
        (["No name"], "is no name of a module"),
        (["one", "--sees", "all"], "write entries or matches"),
        *(([name], "is the name of a module that is built in") for name in BUILTIN),
    ):
        done = certhia("modules", "new", *arguments, "--into", tmp_path)
        assert done.status == 2
        assert text in done.err


def test_list_executes_nothing(certhia: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('executed')")
    file = tmp_path / "certhia.toml"
    file.write_text('[modules]\nautoload = ["mine.py"]\n[modules.mine]\nenabled = false\n[modules.gone]\n')
    lines = certhia("modules", "list", "--config", file).out.splitlines()
    assert lines[-2:] == [
        f"mine              not enabled  {tmp_path / 'mine.py'} (file)",
        "gone              not found    [modules.gone] has no module",
    ]
    assert [line.split()[0] for line in lines[:-2]] == [*BUILTIN]


def test_info(certhia: Command, tmp_path: Path) -> None:
    certhia("modules", "new", "my-own", "--into", tmp_path)
    done = certhia("modules", "info", "my-own", "--autoload", tmp_path)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "my-own 1: Certificates that live for a few days only",
        f"  where   {tmp_path / 'my_own.py'} (file)",
        "  sees    entries",
        "  has     process, reconfigure",
        "  needs   nothing",
        "  key     days: The most that a certificate of interest lives for",
    ]
    (tmp_path / "my_own.py").write_text("1 / 0")
    done = certhia("modules", "info", "my-own", "--autoload", tmp_path)
    assert done.status == 2
    assert "module my-own: ZeroDivisionError" in done.err


def test_one_that_fails(certhia: Command, tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text(FAILS)
    done = certhia("modules", "test", "fails", "--autoload", tmp_path, "--rule", "host3.example.com")
    assert done.status == 1
    assert done.out.splitlines()[-1] == "fails: failed: RuntimeError: no"
    assert "    raise RuntimeError('no')" in done.out  # it shows where


PRINTS = """
from certhia import Certificate, module

@module
def prints(certificate: Certificate) -> None:
    print("I see", certificate.names)
"""


def test_what_it_prints_is_shown(certhia: Command, tmp_path: Path) -> None:
    (tmp_path / "prints.py").write_text(PRINTS)
    done = certhia("modules", "test", "prints", "--autoload", tmp_path, "--rule", "host3.example.com")
    assert done.status == 0
    assert "  a module printed: I see ['host3.example.com']" in done.out.splitlines()


def test_what_can_not_be_read_is_named_and_the_rest_is_tried(certhia: Command, tmp_path: Path) -> None:
    (tmp_path / "prints.py").write_text(PRINTS)
    files = tmp_path / "files"
    files.mkdir()
    text = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
    (files / "a.pem").write_text(pem(CA().issue(["a.example"]).der) + text.format("!"))
    (files / "b.txt").write_text("hello")
    done = certhia("modules", "test", "prints", files, "--autoload", tmp_path)
    assert done.status == 0
    assert f"  not read: {files / 'a.pem'}: 2: is no base64" in done.out
    assert f"  not read: {files / 'b.txt'}: is neither PEM" in done.out
    assert done.out.splitlines()[-1].endswith("; 2 could not be read")
    assert certhia("modules", "test", "prints", files / "b.txt", "--autoload", tmp_path).status == 1


def test_names_that_can_not_be_used_are_marked(certhia: Command, tmp_path: Path) -> None:
    (tmp_path / "Upper.py").write_text("")
    done = certhia("modules", "list", "--autoload", tmp_path)
    (line,) = [line for line in done.out.splitlines() if line.startswith("Upper")]
    assert "can't be used" in line
