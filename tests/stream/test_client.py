"""A client that keeps up, one that doesn't, and what it is told."""

from __future__ import annotations

import asyncio
import json

import pytest

from certhia.stream.client import CHUNK, STALLED, Block, Client, Limits
from certhia.stream.pool import Pool
from certhia.stream.websocket import WebSocketFraming
from certhia.testing import SimClock

LOG = bytes(range(32))


class Pipe(asyncio.Transport):
    """A transport that takes so many bytes, then no more until told."""

    def __init__(self, client: Client, takes: int = 1 << 30) -> None:
        super().__init__()
        self.client = client
        self.takes = takes
        self.written = bytearray()
        self.writes = 0
        self.left = 0  # bytes that nobody has taken
        client.connected(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data
        self.writes += 1
        if len(self.written) >= self.takes and not self.client.paused:
            self.client.pause()

    def take(self, more: int) -> None:
        self.takes = len(self.written) + more
        self.client.resume()

    def get_write_buffer_size(self) -> int:
        return self.left

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high is not None


def block(first: int, count: int = 10, size: int = 1000, at: float = 0.0) -> Block:
    texts = [f"{number:06}".encode().ljust(size, b".") for number in range(first, first + count)]
    data = b"".join(map(WebSocketFraming().message, texts))
    return Block(data, count, (LOG, first), (LOG, first + count - 1), at)


def messages(data: bytes | bytearray) -> list[str]:
    """The messages of whole frames; what is left must be none."""
    found, at = [], 0
    while at < len(data):
        assert data[at] == 0x81
        size, head = data[at + 1], 2
        if size == 126:
            size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
        assert at + head + size <= len(data), "a message is cut"
        found.append(bytes(data[at + head : at + head + size]).decode())
        at += head + size
    return found


def numbers(pipe: Pipe) -> list[int | dict[str, object]]:
    return [json.loads(text)["data"] if text.startswith("{") else int(text[:6]) for text in messages(pipe.written)]


def roomy() -> Client:
    return Client(WebSocketFraming(), Limits(buffer=1_000_000, lag=60), SimClock())


@pytest.fixture
def client() -> Client:
    return Client(WebSocketFraming(), Limits(buffer=100_000, lag=60), SimClock())


def test_one_write_a_block(client: Client) -> None:
    pipe = Pipe(client)
    client.send(block(0))
    client.send(block(10))
    assert pipe.writes == 2
    assert numbers(pipe) == list(range(20))
    assert (client.sent, client.missed, client.last, client.waiting) == (20, 0, (LOG, 19), 0)


def test_large_blocks_go_in_pieces(client: Client) -> None:
    pipe = Pipe(client)
    client.send(block(0, count=300))
    assert pipe.writes == 3
    assert len(pipe.written) > 2 * CHUNK
    assert numbers(pipe) == list(range(300))


def test_what_waits_comes_in_order(client: Client) -> None:
    pipe = Pipe(client, takes=1)
    for first in range(0, 50, 10):
        client.send(block(first))
    assert client.waiting == 4 * len(block(0).data)
    pipe.take(1 << 30)
    assert numbers(pipe) == list(range(50))
    assert client.missed == 0


def test_the_rest_of_a_block_is_finished_first() -> None:
    client = roomy()
    pipe = Pipe(client, takes=CHUNK)
    client.send(block(0, count=300))
    client.send(block(300))
    assert client.paused
    pipe.take(1)
    pipe.take(1 << 30)
    assert numbers(pipe) == list(range(310))


def test_who_is_too_slow_loses_whole_messages_and_is_told_once(client: Client) -> None:
    pipe = Pipe(client, takes=1)
    for first in range(0, 300, 10):
        client.send(block(first))
    assert client.waiting <= 100_000
    lost = client.missed
    assert lost > 0
    pipe.take(1 << 30)
    client.send(block(300))
    got = numbers(pipe)
    (gap,) = [one for one in got if isinstance(one, dict)]
    kept = [one for one in got if isinstance(one, int)]
    assert kept == [*range(300 - lost), *range(300, 310)]
    assert gap == {
        "missed": lost,
        "from": f"0001020304050607:{300 - lost}",
        "to": "0001020304050607:299",
        "reason": "slow",
    }
    assert got.index(gap) == 300 - lost


def test_it_loses_on_until_half_is_gone(client: Client) -> None:
    """One gap, not one for each block that had no room."""
    pipe = Pipe(client, takes=1)
    for first in range(0, 200, 10):
        client.send(block(first))
    for first in range(200, 1000, 10):
        pipe.take(1)
        client.send(block(first))
        client.send(block(first + 1_000))
    pipe.take(1 << 30)
    gaps = [one for one in numbers(pipe) if isinstance(one, dict)]
    assert 1 < len(gaps) < 40
    assert sum(int(str(gap["missed"])) for gap in gaps) == client.missed


def test_a_gap_is_told_without_another_block(client: Client) -> None:
    pipe = Pipe(client, takes=1)
    for first in range(0, 200, 10):
        client.send(block(first))
    pipe.take(1 << 30)
    assert isinstance(numbers(pipe)[-1], dict)


def test_a_profile_without_words_for_it(client: Client) -> None:
    client.gaps = False
    pipe = Pipe(client, takes=1)
    for first in range(0, 200, 10):
        client.send(block(first))
    pipe.take(1 << 30)
    client.lose(5, None, None, "unproven-overflow")
    assert all(isinstance(one, int) for one in numbers(pipe))
    assert client.missed > 5


def test_what_it_was_never_sent(client: Client) -> None:
    pipe = Pipe(client)
    client.lose(7, (LOG, 1), (LOG, 7), "unproven-overflow")
    assert numbers(pipe) == [
        {"missed": 7, "from": "0001020304050607:1", "to": "0001020304050607:7", "reason": "unproven-overflow"}
    ]


def test_heartbeats_and_pings_wait_for_nobody(client: Client) -> None:
    pipe = Pipe(client, takes=1)
    client.send(block(0))
    client.send(Block(b"beat", 0, None, None, 0.0))
    client.write(b"ping")
    pipe.take(1 << 30)
    assert numbers(pipe) == list(range(10))
    client.write(b"ping")
    assert pipe.written.endswith(b"ping")


def test_how_far_behind(client: Client) -> None:
    pipe = Pipe(client, takes=1)
    client.send(block(0, at=5.0))
    assert client.behind(100.0) == 100.0  # it was paused at 0.0
    client.send(block(10, at=40.0))
    assert client.behind(100.0) == 60.0
    assert not client.is_too_late(100.0)
    assert client.is_too_late(100.1)
    pipe.take(1 << 30)
    assert client.behind(200.0) == 0.0


def test_who_takes_nothing_is_too_late_though_nothing_waits() -> None:
    client = roomy()
    pipe = Pipe(client, takes=1)
    pipe.left = 5000
    client.send(block(0))
    assert (client.waiting, client.paused) == (0, True)
    assert [client.is_too_late(now) for now in (STALLED, STALLED + 0.1)] == [False, True]
    pipe.left = 4999  # of what was written long ago
    assert not client.is_too_late(100.0)
    assert [client.is_too_late(100.0 + more) for more in (STALLED, STALLED + 0.1)] == [False, True]
    client.close(1013, "too slow")
    assert not client.is_too_late(500.0)  # that is known
    assert client.is_closing()


def test_a_goodbye_comes_between_messages() -> None:
    client = roomy()
    pipe = Pipe(client, takes=CHUNK)
    client.send(block(0, count=300))
    client.send(block(300))
    client.close(1001, "bye")
    assert pipe.written.endswith(b"\x88\x05\x03\xe9bye")
    assert len(messages(pipe.written[:-7])) == 300
    assert client.missed == 10
    client.send(block(310))
    client.close(1001, "again")
    pipe.take(1)
    assert pipe.written.endswith(b"bye")


def test_once_gone_nothing_is_written(client: Client) -> None:
    pipe = Pipe(client)
    client.gone()
    client.send(block(0))
    client.write(b"ping")
    client.close(1001, "")
    client.lose(1, None, None, "slow")
    client.resume()
    assert pipe.written == b""


def test_before_it_is_connected_nothing_is_kept() -> None:
    client = Client(WebSocketFraming(), Limits(), SimClock())
    client.send(block(0))
    assert (client.sent, client.waiting) == (0, 0)


def test_what_waits_for_all_is_bounded_and_shared_blocks_count_once() -> None:
    pool = Pool(50_000)
    limits = Limits(1_000_000, 60, pool)
    pipes = [Pipe(Client(WebSocketFraming(), limits, SimClock()), takes=1) for _ in range(3)]
    size = len(block(0).data)
    for first in range(0, 50, 10):
        shared = block(first)
        for pipe in pipes[:2]:
            pipe.client.send(shared)
    assert pool.held == 4 * size, "the first was written at once"
    own = block(0)
    pipes[2].client.send(own)
    pipes[2].client.send(block(10))
    assert (pipes[2].client.missed, pool.held) == (10, 4 * size)
    pipes[0].take(1 << 30)
    assert pool.held == 4 * size
    pipes[1].client.gone()
    assert pool.held == 0
    pipes[2].take(1 << 30)
    pipes[2].client.send(block(20))
    assert [one if isinstance(one, int) else one["missed"] for one in numbers(pipes[2])] == [
        *range(10),
        10,
        *range(20, 30),
    ]


def test_what_was_begun_waits_too() -> None:
    pool = Pool(1 << 30)
    pipe = Pipe(Client(WebSocketFraming(), Limits(1 << 30, 60, pool), SimClock()), takes=CHUNK)
    large = block(0, count=300)
    pipe.client.send(large)
    assert pool.held == len(large.data)
    pipe.client.send(block(300))
    pipe.take(1 << 30)
    assert pool.held == 0
    pipe.take(CHUNK)
    pipe.client.send(large)
    pipe.client.close(1001, "bye")
    assert pool.held == 0


def test_a_block_larger_than_the_buffer_goes_to_who_waits_for_nothing(client: Client) -> None:
    pipe = Pipe(client, takes=1)
    client.send(block(0, count=300))
    assert client.waiting > 0
    client.send(block(300))
    assert client.missed == 10
    pipe.take(1 << 30)
    assert numbers(pipe)[:300] == list(range(300))
