"""What clients that are well notice of those that are ill: readers that are too slow, and a flood of connections.

Run as a program it is the ill ones: `stream_ill.py slow PORT PATH CLIENTS` or `stream_ill.py flood ADDRESS PORT`. Each
line on standard input is answered by a line of JSON that says what they have done so far; it ends with the input.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from feeds import Entries, burst, free_port
from rows import Figure, Row
from stream_runs import counting, serving

RFC = ("--allow", "*/rfc/*")
HEALTHY, SLOW, RATE = 900, 100, 1500  # clients, clients, entries a second
SETTLED = 3.0  # seconds
KIB_A_CLIENT = 256  # of memory, at most
SMALL = 4096  # bytes that a slow reader's kernel takes
MESSAGE = 2000  # bytes, about: what a slow reader reads a second
OPEN = 400  # connections of the flood that are open at once
HASTE = 10_000  # connections a second of the flood
UPGRADE = (
    "GET {} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Ill:
    """The rows. `seconds`: of each."""

    def __init__(self, program: Path, source: Entries, seconds: float) -> None:
        self._program, self._source, self._seconds = program, source, seconds

    def rows(self) -> Iterator[Row]:
        """Both."""
        yield self._slow()
        yield self._flood()

    def _slow(self) -> Row:
        """A tenth of the clients read a message a second."""
        entries, path = int(RATE * (self._seconds + 10 * SETTLED)), "/domains-only"
        with (
            burst(self._source, count=entries, page=1024) as (feed, grow),
            serving(feed, *RFC, "--client-buffer", "128KiB", "--lag-limit", "10s") as server,
            counting(self._program, server.port, path, HEALTHY) as there,
            ill("slow", server.port, path, str(SLOW)) as slow,
        ):
            grow(str(RATE))
            time.sleep(SETTLED + self._seconds)
            counted, closed = there.ask(), said_goodbye(server.port)
            peak, back = server.peak, slow()["back"]
        if not closed:
            raise SystemExit(f"of {SLOW} slow readers none was told to go, {back} came back: they were not slow")
        figures = [
            Figure("healthy closed, gaps, out of order", "", [counted.faults], 0),
            Figure("healthy p99 from arrival to client", "s", [counted.p99_ms / 1000], 1),
            Figure("slow ones told to go", "", [closed], SLOW, at_least=True),
            Figure("peak RSS", "MB", [peak], KIB_A_CLIENT * (HEALTHY + SLOW) / 1024),
        ]
        return Row(f"{HEALTHY} domains-only clients beside {SLOW} that read a message a second", "world", figures)

    def _flood(self) -> Row:
        """One address connects again and again; another wants to be let in. Of this machine, loopback may do all: the
        flood comes by an address of its network."""
        address, port = network_address(), free_port()
        with (
            burst(self._source, count=10_000, page=1024) as (feed, _),
            serving(feed, *RFC, "--listen", f"{address}:{port}", "--connect-rate", "20") as server,
            ill("flood", address, port) as flood,
        ):
            time.sleep(1.0)
            begun, before, used, took = time.monotonic(), flood()["connected"], server.cpu, list[float]()
            while time.monotonic() < begun + self._seconds:
                took.append(1000 * let_in(server.port))
                time.sleep(0.05)
            rate = (flood()["connected"] - before) / (time.monotonic() - begun)
            used = 100 * (server.cpu - used) / (time.monotonic() - begun)
        figures = [
            Figure("p99 until another is let in", "ms", [statistics.quantiles(took, n=100)[98]], 100),
            Figure("median", "ms", [statistics.median(took)]),
            Figure("connections of the flood", "a second", [rate], 0.8 * HASTE, at_least=True),
            Figure("CPU", "% of a core", [used]),
        ]
        return Row("a flood of connections", "world", figures)


def said_goodbye(port: int) -> int:
    """How many clients were too far behind."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("certhia_clients_too_late_total"):
                return int(float(line.split()[-1]))
    raise SystemExit("the metric certhia_clients_too_late_total is gone")


def let_in(port: int) -> float:
    """Seconds until a WebSocket handshake of another address is answered."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 10) as hand:
        hand.sendall(UPGRADE.format("/").encode())
        if not hand.recv(SMALL).startswith(b"HTTP/1.1 101"):
            raise SystemExit("another address was refused while one flooded")
        return time.monotonic() - begun


@contextmanager
def ill(*arguments: str | int) -> Iterator[Asked]:
    """The ill ones in a process of their own."""
    line = [sys.executable, __file__, *map(str, arguments)]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Asked(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)


class Asked:
    """Says what they have done."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self) -> dict[str, int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer: dict[str, int] = json.loads(self._process.stdout.readline())
        return answer


def answered(selector: selectors.BaseSelector, seconds: float, said: dict[str, int]) -> bool:
    """Answers what is asked within some seconds; whether there is more to come."""
    if selector.select(seconds):
        if not sys.stdin.readline():
            return False
        print(json.dumps(said), flush=True)
    return True


def slow_readers(port: int, path: str, count: int) -> None:
    """Each reads a message a second; one that is closed comes again."""
    said, selector = {"back": 0}, selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)

    def came() -> socket.socket:
        hand = socket.socket()
        hand.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        hand.connect(("127.0.0.1", port))
        hand.sendall(UPGRADE.format(path).encode())
        hand.setblocking(False)
        return hand

    hands = [came() for _ in range(count)]
    turn = time.monotonic()
    while answered(selector, max(0.0, turn - time.monotonic()), said):
        if time.monotonic() < turn:
            continue
        turn += 1.0
        for number, hand in enumerate(hands):
            with suppress(BlockingIOError):
                try:
                    gone = not hand.recv(MESSAGE)
                except ConnectionError:
                    gone = True
                if gone:
                    hand.close()
                    said["back"] += 1
                    hands[number] = came()


def flood(address: str, port: int) -> None:
    """Connects HASTE times a second, from one address, and says nothing."""
    said, selector, hands = {"connected": 0}, selectors.DefaultSelector(), list[socket.socket]()
    selector.register(sys.stdin, selectors.EVENT_READ)
    begun = time.monotonic()
    while answered(selector, 0.002, said):
        for _ in range(min(int((time.monotonic() - begun) * HASTE) - said["connected"], OPEN)):
            hand = socket.socket()
            hand.setblocking(False)
            hand.bind((address, 0))
            with suppress(BlockingIOError):
                hand.connect((address, port))
            hands.append(hand)
            said["connected"] += 1
        for hand in hands[:-OPEN]:
            hand.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no port stays taken
            hand.close()
        del hands[:-OPEN]


def network_address() -> str:
    """An address of this machine that isn't loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
        with suppress(OSError):
            hand.connect(("192.0.2.1", 9))  # nothing is sent: the kernel chooses the way
        address: str = hand.getsockname()[0]
    if address == "0.0.0.0":
        raise SystemExit("this machine has no network: a flood can't come by an address that isn't loopback's")
    return address


if __name__ == "__main__":
    if sys.argv[1] == "slow":
        slow_readers(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        flood(sys.argv[2], int(sys.argv[3]))
