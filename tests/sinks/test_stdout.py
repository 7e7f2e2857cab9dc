import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import TextIO

import pytest

from certhia.errors import ConfigError
from certhia.model import Delivery, LogName, SinkClosed
from certhia.sinks.csv import HEADER
from certhia.sinks.formats import Format
from certhia.sinks.refusals import Refused
from certhia.sinks.stdout import Stdout

Make = Callable[..., Delivery]
UTF8 = {"LANG": "en_GB.UTF-8"}


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    read, write = os.pipe()
    with os.fdopen(write, "w", encoding="utf-8") as stream:
        yield read, stream
    try:
        os.close(read)
    except OSError as error:
        assert error.errno == 9  # noqa: PT017  (a test closed it)


def fill(stream: TextIO) -> int:
    """Fills a pipe to the brim; gives the number of bytes."""
    os.set_blocking(stream.fileno(), False)
    filled = 0
    for size in (65536, 1):
        try:
            while True:
                filled += os.write(stream.fileno(), b"x" * size)
        except BlockingIOError:
            continue
    os.set_blocking(stream.fileno(), True)
    return filled


async def test_lines_come_out_at_once(make: Make, pipe: tuple[int, TextIO]) -> None:
    read, stream = pipe
    sink = Stdout(Format("jsonl"), stream=stream, environment=UTF8)
    await sink.send([make(1), make(2)])
    lines = os.read(read, 1 << 20).decode().splitlines()
    assert [int(json.loads(line)["id"][:2], 16) for line in lines] == [1, 2]
    await sink.close()
    await sink.close()
    assert sink.name == "stdout"


async def test_the_header_stands_once(make: Make, pipe: tuple[int, TextIO]) -> None:
    read, stream = pipe
    sink = Stdout(Format("csv"), stream=stream, environment=UTF8)
    assert sink.stream(make(0).match)
    await sink.send([make(1)])
    await sink.send([make(2)])
    await sink.close()
    text = os.read(read, 1 << 20).decode()
    assert text.startswith(HEADER)
    assert text.count(HEADER) == 1
    assert text.count("\n") == 4


async def test_silence_writes_nothing(make: Make, pipe: tuple[int, TextIO]) -> None:
    read, stream = pipe
    sink = Stdout(Format("silent"), stream=stream, environment=UTF8)
    await sink.send([make(1)])
    assert sink.stream(make(1).match)
    await sink.close()
    os.set_blocking(read, False)
    with pytest.raises(BlockingIOError):
        os.read(read, 1)


async def test_a_reader_that_stops_holds_nobody_up(make: Make, pipe: tuple[int, TextIO]) -> None:
    read, stream = pipe
    filled = fill(stream)
    sink = Stdout(Format("jsonl"), stream=stream, environment=UTF8, capacity=3, grace=0.01)
    sending = asyncio.ensure_future(sink.send([make(1)]))
    await asyncio.sleep(0)
    assert [sink.stream(make(number).match) for number in range(5)] == [True, True, True, False, False]
    assert sink.dropped == 2
    assert not sending.done()
    while filled > 0:
        filled -= len(os.read(read, filled))
    await sending
    await sink.close()
    assert os.read(read, 1 << 20).count(b"\n") == 4


async def test_closing_does_not_wait_for_a_reader_that_stands_still(make: Make, pipe: tuple[int, TextIO]) -> None:
    read, stream = pipe
    fill(stream)
    sink = Stdout(Format("jsonl"), stream=stream, environment=UTF8, grace=0.01)
    sink.stream(make(1).match)
    sink.stream(make(2).match)
    await sink.close()
    assert sink.dropped == 2
    os.close(read)


async def test_a_cancelled_send_leaves_no_second_copy_behind(make: Make, pipe: tuple[int, TextIO]) -> None:
    read, stream = pipe
    filled = fill(stream)
    sink = Stdout(Format("jsonl"), stream=stream, environment=UTF8)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await sink.send([make(1)])
    while filled > 0:
        filled -= len(os.read(read, filled))
    await sink.send([make(2)])
    ids = [int(json.loads(line)["id"][:2], 16) for line in os.read(read, 1 << 20).splitlines()]
    assert ids in ([1, 2], [2])
    await sink.close()


async def test_head_ends_quietly(make: Make, pipe: tuple[int, TextIO]) -> None:
    read, stream = pipe
    sink = Stdout(Format("jsonl"), stream=stream, environment=UTF8)
    os.close(read)
    with pytest.raises(SinkClosed, match="nobody reads standard output any more"):
        await sink.send([make(1)])
    with pytest.raises(SinkClosed):
        sink.stream(make(1).match)
    await sink.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
async def test_a_full_disk_is_told(make: Make) -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream:  # noqa: ASYNC230, PTH123
        sink = Stdout(Format("jsonl"), stream=stream, environment=UTF8)
        with pytest.raises(OSError, match="No space left"):
            await sink.send([make(1)])
        await sink.close()


@pytest.mark.parametrize(
    "environment, shown", [(UTF8, "xn--bcher-kva.example (bücher.example)"), ({}, r"xn--bcher-kva.example (b\xfccher")]
)
async def test_a_plain_locale_gets_escapes(
    make: Make, pipe: tuple[int, TextIO], environment: dict[str, str], shown: str
) -> None:
    read, stream = pipe
    sink = Stdout(Format("human"), stream=stream, environment=environment)
    await sink.send([make(hits=(), names=("xn--bcher-kva.example",), log=LogName(b"", "", "日本", ""))])
    assert shown in os.read(read, 1 << 20).decode()
    await sink.close()


async def test_a_stream_without_a_descriptor(make: Make) -> None:
    stream = io.StringIO()
    sink = Stdout(Format("human"), stream=stream, environment={})
    await sink.send([make(1)])
    await sink.close()
    assert stream.getvalue().count("\n") == 1


def test_no_standard_output_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(ConfigError, match="there is no standard output"):
        Stdout(Format("human"))


PROGRAM = """
import asyncio, sys
sys.path.insert(0, {path!r})
from conftest import delivery
from certhia.sinks.formats import Format
from certhia.sinks.stdout import Stdout

async def main():
    sink = Stdout(Format("human"), grace=0.05)
    sending = asyncio.ensure_future(sink.send([delivery(names=("bücher",), hits=())] * 2000))
    await asyncio.sleep(0)
    await sink.close()
    sending.cancel()

asyncio.run(main())
print("ended", file=sys.stderr)
"""


def test_a_program_ends_while_its_output_stands_still() -> None:
    program = PROGRAM.format(path=os.path.dirname(__file__))  # noqa: PTH120
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.read() == b"ended\n"  # nobody read its output
        assert process.wait(10) == 0
        assert process.stdout.read().isascii()


async def test_a_pipe_without_a_reader_is_known_before_anything_is_written() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        sink = Stdout(Format("jsonl"), stream=stream)
        before = sink.unread
        os.close(read)
        assert (before, sink.unread) == (False, True)
        await sink.close()


@pytest.mark.parametrize("name", ["jsonl", "json", "csv", "human"])
async def test_records_that_are_no_matches_are_lines_of_json(name: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sink = Stdout(Format(name), stream=stream, environment=UTF8)
    with nullcontext() if name == "jsonl" else pytest.raises(Refused, match="has no place for it; jsonl has"):
        await sink.note({"event": "probe"})
    await sink.close()
    stream.flush()
    assert stream.buffer.getvalue() == (b'{"event":"probe"}\n' if name == "jsonl" else b"")
