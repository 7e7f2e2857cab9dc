"""A scan on a terminal: results scroll, one line of progress stays below them, nothing of it is left at the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Iterator

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import Program
from tests.e2e.scanner.crowd import Crowd, crowd
from tests.e2e.test_terminal import Screen

pytestmark = pytest.mark.e2e


@pytest.fixture
def there() -> Iterator[Crowd]:
    with crowd() as one:
        yield one


def on_terminal(certhia: Certhia, there: Crowd, *arguments: str, columns: int = 120) -> Program:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    given = ("-p", str(there.port), "--allow-private", "--state", str(certhia.state))
    program = certhia("scan", *arguments, *given, out=theirs, err=theirs)
    os.close(theirs)
    program.listen("out", ours)
    return program


def test_progress_with_what_is_left(certhia: Certhia, there: Crowd) -> None:
    program = on_terminal(
        certhia, there, "127.0.0.0/21", f"127.9.9.9:{there.port}", "--rate", "400", "--format", "human"
    )
    program.until(
        lambda: re.search(r"[\d,]+ of 2,049 \(\d+ %\), 0 answered, \d+/s, \d+ at once, \ds left", program.out)
    )
    program.kill(2)
    assert program.end() == 0
    left = [row for row in Screen().show(program.out).rows if row]
    assert not [row for row in left if " at once" in row]
    assert any(row.startswith("127.9.9.9:") and "not-tls at hello" in row for row in left)
    assert left[-1] == "stopped before its end; --resume goes on with it"


def test_results_in_a_file_and_progress_here(certhia: Certhia, there: Crowd) -> None:
    program = on_terminal(certhia, there, "127.0.0.0/24", "-o", "a.jsonl", columns=40)
    assert program.end() == 0
    assert "{" not in program.out
    rows = [row for row in Screen().show(program.out).rows if row]
    assert rows[0].startswith("256 targets")
    assert len((certhia.directory / "a.jsonl").read_text().splitlines()) == 256


def test_no_progress_when_quiet(certhia: Certhia, there: Crowd) -> None:
    program = on_terminal(certhia, there, "127.0.0.0/24", "--quiet", "--format", "csv")
    assert program.end() == 0
    assert "\x1b[J" not in program.out
    assert program.out.count("not-tls") == 256
