"""How it ends: on a signal within a second with nothing lost, at once when asked twice, quietly when nobody reads."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import CERTHIA, in_file
from tests.e2e.worlds import Served

pytestmark = pytest.mark.e2e

SOON = 3.0  # seconds; a second is promised, and machines that run tests are busy


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_soon_and_nothing_is_lost(
    certhia: Certhia, pair: Served, number: int, record_property: Callable[[str, object], None]
) -> None:
    names = {f"host{i}.example.com" for i in range(20)}
    program = certhia.watch(pair, "example.com", "-f", "jsonl")
    program.until(lambda: len(program.records) == 20)
    names |= {*pair.grow(30)}
    program.until(lambda: len(program.records) > 20)  # in the middle of it
    took = program.stop(number)
    record_property("seconds", round(took, 2))
    assert took < SOON
    assert "entries seen in 2 logs" in program.err
    after = certhia.read(pair, "example.com")
    told = [record["matched_domain"] for record in program.records + after.records]
    assert len(told) == len(names)
    assert {*told} == names
    certhia.is_sound()


def test_the_installed_command_ends_likewise(certhia: Certhia, pair: Served) -> None:
    arguments = ("example.com", "-f", "jsonl", "--log-list", pair.list_url, "--from", "beginning", "--state", "./s")
    program = certhia.installed("watch", *arguments)
    program.until(lambda: len(program.records) == 20)
    assert program.stop() < SOON
    assert "entries seen in 2 logs" in program.err


def test_a_list_that_never_comes_does_not_hold_it_up(certhia: Certhia) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/log_list.json"
        program = certhia("watch", "example.com", "--log-list", url, "--state", str(certhia.state))
        silent.settimeout(30)
        asked, _ = silent.accept()
        with asked:
            assert program.stop() < SOON


def test_a_log_that_never_answers_does_not_hold_it_up(certhia: Certhia, pair: Served) -> None:
    from certhia.testing import slow

    pair.world.logs["alpha"].hooks.append(slow(300))
    program = certhia.watch(pair, "example.com", "-f", "jsonl")
    program.until(lambda: len(program.records) == 20)  # of the other log
    assert program.stop(signal.SIGTERM) < SOON


def test_a_second_signal_ends_it_at_once(certhia: Certhia, small: Served) -> None:
    unread, out = os.pipe()
    try:
        fill(out)
        program = certhia.watch(small, "example.com", "-f", "jsonl", "-o", "all.jsonl", out=out)
        program.until(lambda: len(in_file(certhia.directory / "all.jsonl")) == 40)
        # Nobody reads standard output: the first signal gives it half a second.
        program.kill(signal.SIGINT)
        program.kill(signal.SIGTERM)
        assert program.end(SOON) == 130
        assert "Traceback" not in program.err
        certhia.is_sound()
    finally:
        os.close(unread)
        os.close(out)


def test_a_standard_output_that_nobody_reads_stops_nothing(certhia: Certhia, pair: Served) -> None:
    unread, out = os.pipe()
    blocked = fill(out)
    program = certhia.watch(pair, "example.com", "-f", "jsonl", "-o", "all.jsonl", out=out)
    os.close(out)
    written = certhia.directory / "all.jsonl"
    program.until(lambda: len(in_file(written)) == 20)
    pair.grow(30)
    program.until(lambda: len(in_file(written)) == 50)
    assert program.stop() < SOON
    told = drain(unread)[blocked:]
    assert told == b""
    # What standard output did not get, it gets next time; the file has had it all.
    after = certhia.read(pair, "example.com", "-o", "all.jsonl")
    assert {record["matched_domain"] for record in after.records} == {f"host{i}.example.com" for i in range(50)}
    assert len(in_file(written)) == 50


def test_head_ends_it_quietly(certhia: Certhia, small: Served) -> None:
    watch = f"{CERTHIA} watch example.com -f jsonl --log-list {small.list_url} --from beginning --state ./s"
    shell = ("bash", "-c", f'{watch} | head -1; echo "${{PIPESTATUS[0]}}"')
    program = certhia.installed(command=shell)
    assert program.end() == 0
    first, status = program.out.splitlines()
    assert '"matched_domain"' in first
    assert status == "0"
    assert "Traceback" not in program.err
    assert "Broken pipe" not in program.err


def fill(pipe: int) -> int:
    """Fills a pipe, so that the next write to it waits; gives the number of bytes."""
    os.set_blocking(pipe, False)
    written = 0
    try:
        while True:
            written += os.write(pipe, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(pipe, True)
        return written


def drain(pipe: int) -> bytes:
    """What is in a pipe that nobody writes to any more."""
    with open(pipe, "rb") as stream:
        return stream.read()
