"""How a scan ends before its end."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.scanner.crowd import Crowd, crowd

pytestmark = pytest.mark.e2e

GIVEN = ("--allow-private", "--concurrency", "20", "--state", "./state")


@pytest.fixture
def there() -> Iterator[Crowd]:
    with crowd() as one:
        yield one


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_by_a_signal_with_a_summary(certhia: Certhia, there: Crowd, number: int) -> None:
    program = certhia("scan", "127.0.0.0/16", "-p", str(there.port), *GIVEN, "--rate", "500")
    program.until(lambda: program.records, "results")
    assert program.stop(number) < 30
    assert re.search(r"^\d+ targets? \(", program.err, re.MULTILINE)
    assert "errors: " in program.err
    assert "stopped before its end; --resume goes on with it" in program.err
    assert all(one["error"] != "stopped" for one in program.records)


def test_a_signal_that_comes_twice_at_once_is_one_wish(certhia: Certhia, there: Crowd) -> None:
    """GNU `timeout` signals its child, and then the group that the child is in."""
    program = certhia("scan", "127.0.0.0/16", "-p", str(there.port), *GIVEN, "--rate", "500")
    program.until(lambda: program.records, "results")
    program.kill(signal.SIGTERM)
    program.kill(signal.SIGTERM)
    assert program.end() == 0
    assert "stopped before its end; --resume goes on with it" in program.err


def test_nobody_reads_any_more(certhia: Certhia, there: Crowd) -> None:
    reading, writing = os.pipe()
    program = certhia("scan", "127.0.0.0/16", "-p", str(there.port), *GIVEN, "--rate", "500", out=writing)
    os.close(writing)
    assert os.read(reading, 10).startswith(b'{"timest')
    os.close(reading)
    assert program.end() == 0
    assert "Traceback" not in program.err


def test_servers_that_never_answer_do_not_hold_it(certhia: Certhia) -> None:
    """Ctrl-C while all connections hang."""
    with socket.create_server(("0.0.0.0", 0), backlog=100) as mute:
        port = mute.getsockname()[1]
        program = certhia("scan", "127.0.0.0/27", "-p", str(port), *GIVEN, "--timeout", "5m", "--stats", "0.1")
        program.says("20 at once")
        assert program.stop() < 30
    assert program.out == ""


def test_a_full_disk_under_standard_output(certhia: Certhia, there: Crowd) -> None:
    with Path("/dev/full").open("wb") as full:
        program = certhia("scan", "127.0.0.0/16", "-p", str(there.port), *GIVEN, "--rate", "500", out=full.fileno())
    assert program.end() == 1
    assert "certhia: standard output: results cannot be written: No space left on device: make room" in program.err
    assert "Traceback" not in program.err
