import asyncio
import contextlib
import errno
import io
import os
import selectors
import threading
from collections.abc import Callable, Sequence

import pytest

from certhia.model import Delivery, Match
from certhia.sinks.writer import Job, Writer, outlet

Make = Callable[..., Delivery]


class Pipe:
    """A destination that takes what it is told to take: a write waits until it is let through."""

    def __init__(self, *takes: int | OSError) -> None:
        self.takes = list(takes)
        self.written = b""
        self.begun = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def write(self, data: memoryview) -> int:
        self.begun.set()
        self.open.wait(10)
        take = self.takes.pop(0) if self.takes else len(data)
        if isinstance(take, OSError):
            raise take
        self.written += data[:take]
        return min(take, len(data))


def rendered(matches: Sequence[Match]) -> bytes:
    return b"".join(b"s%d\n" % match.sighting.index for match in matches)


async def put(writer: Writer, data: bytes) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    writer.put(Job(data, loop, done))
    await done


async def stop(writer: Writer) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    if writer.stop(Job(b"", loop, done)):
        await done


async def test_everything_in_the_order_given(make: Make) -> None:
    pipe = Pipe()
    writer = Writer(pipe.write, rendered, b"header\n")
    await put(writer, b"one\n")
    writer.stream(make(1).match)
    writer.stream(make(2).match)
    await put(writer, b"two\n")
    writer.stream(make(3).match)
    await stop(writer)
    assert pipe.written == b"header\none\ns1001\ns1002\ntwo\ns1003\n"
    assert writer.waiting == 0


async def test_nothing_starts_or_writes_before_there_is_something() -> None:
    pipe = Pipe()
    before = threading.active_count()
    writer = Writer(pipe.write, rendered, b"header\n")
    await stop(writer)
    assert threading.active_count() == before
    assert pipe.written == b""


async def test_short_writes_are_continued() -> None:
    pipe = Pipe(1, 2, 0, 1)
    await put(Writer(pipe.write, rendered), b"abcdefgh\n")
    assert pipe.written == b"abcdefgh\n"


async def test_a_line_that_a_failure_cut_is_completed_first() -> None:
    pipe = Pipe(6, OSError(errno.ENOSPC, "No space left on device"))
    writer = Writer(pipe.write, rendered)
    with pytest.raises(OSError, match="No space left"):
        await put(writer, b"one\ntwo\nthree\n")
    await put(writer, b"one\ntwo\nthree\n")
    assert pipe.written == b"one\ntwo\none\ntwo\nthree\n"


async def test_a_failure_in_the_header() -> None:
    pipe = Pipe(3, OSError(errno.EIO, "Input/output error"), OSError(errno.EIO, "Input/output error"))
    writer = Writer(pipe.write, rendered, b"header\n")
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output error"):
            await put(writer, b"one\n")
    await put(writer, b"one\n")
    assert pipe.written == b"header\none\n"


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ECONNRESET])
async def test_a_reader_that_has_gone(number: int) -> None:
    writer = Writer(Pipe(OSError(number, "gone")).write, rendered)
    assert not writer.broken
    with pytest.raises(BrokenPipeError):
        await put(writer, b"one\n")
    assert writer.broken


async def test_a_job_can_be_withdrawn_until_it_begins(make: Make) -> None:
    pipe = Pipe()
    pipe.open.clear()
    writer = Writer(pipe.write, rendered)
    loop = asyncio.get_running_loop()
    first, second = (Job(data, loop, loop.create_future()) for data in (b"first\n", b"second\n"))
    writer.put(first)
    await asyncio.to_thread(pipe.begun.wait, 10)
    writer.put(second)
    writer.withdraw(first)
    writer.withdraw(second)
    pipe.open.set()
    await first.done
    await stop(writer)
    assert pipe.written == b"first\n"


async def test_what_is_abandoned_is_counted(make: Make) -> None:
    pipe = Pipe()
    pipe.open.clear()
    writer = Writer(pipe.write, rendered)
    for number in range(5):
        writer.stream(make(number).match)
    await asyncio.to_thread(pipe.begun.wait, 10)
    assert writer.abandon() == 5
    assert writer.waiting == 0
    pipe.open.set()


def test_an_outlet_without_a_descriptor() -> None:
    text, raw = io.StringIO(), io.BytesIO()
    wrapped = io.TextIOWrapper(raw, write_through=True)
    assert outlet(text)(memoryview(b"abc")) == 3
    assert outlet(wrapped)(memoryview(b"abc")) == 3
    assert (text.getvalue(), raw.getvalue()) == ("abc", b"abc")


def test_an_outlet_waits_for_a_pipe_that_somebody_made_non_blocking(monkeypatch: pytest.MonkeyPatch) -> None:
    full = threading.Event()

    class Selector(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            full.set()
            return super().select(timeout)

    monkeypatch.setattr(selectors, "DefaultSelector", Selector)
    read, write = os.pipe()
    os.set_blocking(write, False)
    with os.fdopen(write, "w") as stream:
        put = outlet(stream)
        filled = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                filled += os.write(write, b"x" * 65536)
        got: list[int] = []
        waiting = threading.Thread(target=lambda: got.append(put(memoryview(b"y"))))
        waiting.start()
        assert full.wait(10)
        while filled > 0:
            filled -= len(os.read(read, 65536))
        waiting.join(10)
        assert got == [0]  # not written, but there is room now
        assert put(memoryview(b"y")) == 1
    os.close(read)


async def test_a_stream_that_a_program_closed_is_told_of_and_hangs_nobody() -> None:
    stream = io.StringIO()
    writer = Writer(outlet(stream), rendered)
    await put(writer, b"one\n")
    assert stream.getvalue() == "one\n"
    stream.close()
    for _ in range(2):
        with pytest.raises(OSError, match="closed file"):
            async with asyncio.timeout(10):
                await put(writer, b"two\n")
    await stop(writer)
