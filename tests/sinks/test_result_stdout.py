"""Results on standard output."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

import pytest

from certhia.errors import ConfigError
from certhia.sinks import result_stdout
from certhia.sinks.result_stdout import ResultStdout


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """(end to read from, stream to write to)."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        yield reading, stream
    with suppress(OSError):
        os.close(reading)


def test_written_in_order(pipe: tuple[int, TextIO]) -> None:
    reading, stream = pipe
    out = ResultStdout(stream=stream, environment={})
    for number in range(100):
        out.put(f"{number}\n")
    assert out.close(20)
    assert os.read(reading, 10_000).decode().split() == [str(number) for number in range(100)]


def test_a_slow_reader_does_not_block(pipe: tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch) -> None:
    reading, stream = pipe
    monkeypatch.setattr(result_stdout, "BEHIND", 1000)
    out = ResultStdout(stream=stream, environment={})
    for _ in range(200):
        out.put("x" * 999 + "\n")  # more than a pipe holds
    assert out.behind
    assert not out.close(0)
    got = bytearray()
    while len(got) < 200_000:
        got += os.read(reading, 65_536)
    assert out.close(20)
    assert not out.behind


def test_nobody_reads_any_more(pipe: tuple[int, TextIO]) -> None:
    reading, stream = pipe
    out = ResultStdout(stream=stream, environment={})
    before = out.unread
    os.close(reading)
    assert (before, out.unread) == (False, True)
    out.put("x\n")
    assert not out.close(20)
    out.put("y\n")


def test_a_disk_that_fills_up(monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, TextIO]) -> None:
    """Half of it is taken, then no more: nobody has gone, and what is lost is told."""
    room = [b""]

    def write(data: memoryview) -> int:
        if len(room[0]) == 6:
            raise OSError(28, "No space left on device")
        room[0] += bytes(data[: 6 - len(room[0])])
        return len(room[0])

    monkeypatch.setattr(result_stdout, "outlet", lambda _: write)
    out = ResultStdout(stream=pipe[1], environment={})
    out.put("one\ntwo\n")
    assert not out.close(20)
    out.put("three\n")
    assert room == [b"one\ntw"]
    assert out.fault is not None
    assert out.fault.errno == 28
    assert not out.unread
    assert out.written < out.given


def test_what_the_encoding_cannot_say() -> None:
    raw = io.BytesIO()
    out = ResultStdout(stream=io.TextIOWrapper(raw, encoding="ascii"), environment={})
    out.put("bücher\n")
    assert out.close(20)
    assert raw.getvalue() == b"b\\xfccher\n"


def test_no_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(ConfigError, match="--format silent"):
        ResultStdout()


def test_its_thread_ends(pipe: tuple[int, TextIO]) -> None:
    before = {*threading.enumerate()}  # tests before may have left some
    out = ResultStdout(stream=pipe[1], environment={})
    assert out.close(20)
    assert out.close(20)
    assert not [one for one in threading.enumerate() if one not in before and one.name == "certhia-stdout"]
