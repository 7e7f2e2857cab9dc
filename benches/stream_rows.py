"""The stream: what a server of it needs for few clients and for many, beside what its peers need for the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from feeds import Entries, burst, growing_world
from loopback import writes
from rows import Figure, Row
from stream_runs import Counted, Serving, counting, serving, until, until_verified

RFC = ("--allow", "*/rfc/*")
PAGE = 1024
SETTLED = 3.0  # seconds of growth before anything is measured
MANY, PACED = 100, 1000  # clients, entries a second
THOUSAND, FASTER = 1000, 1500
PEERS_PACED = "certstream-server-rust 3.1, -go 5.9 us a message"
PEERS_LITE = "certstream-server-rust 62, -go 236 us (unverified)"
PEERS_FULL = "certstream-server-rust 52 us (unverified)"
PEERS_NONE = "certstream-server-rust 42, -go 227 us (unverified)"
PEERS_MEMORY = "certstream-server-rust 137 to 226 MB, -go 71 MB"
Grow = Callable[[str], None]


class Stream:
    """The rows. `count`: entries of each fast one, 100,000 at most; `seconds`: of each paced one; `chosen`: words, a
    row's name has one of them; all rows where there are none."""

    def __init__(
        self, program: Path, source: Entries, rounds: int, count: int, seconds: float, chosen: Sequence[str] = ()
    ) -> None:
        self._program = program
        self._source = source
        self._rounds = rounds
        self._count = min(count, 100_000)
        self._seconds = seconds
        self._chosen = chosen

    def rows(self) -> Iterator[Row]:
        """Those that were chosen."""
        for work, measure in self._works().items():
            if not self._chosen or any(word in work for word in self._chosen):
                yield measure(work)

    def _works(self) -> dict[str, Callable[[str], Row]]:
        """What each row is called, and what measures it."""
        fast = self._fast
        return {
            "1 lite client, as fast as it goes, verified": partial(fast, path="/", target=12, peers=PEERS_LITE),
            "1 full client, as fast as it goes, verified": partial(
                fast, path="/full-stream", target=14, peers=PEERS_FULL
            ),
            "1 full client that wants no entry": partial(fast, path="/full-stream?rule=nothing.invalid"),
            "no client": partial(fast, peers=PEERS_NONE),
            f"{MANY} lite clients, {PACED:,} entries/s": self._paced,
            f"{THOUSAND:,} domains-only clients, {FASTER:,} entries/s, 60 s": self._thousand,
            f"60 logs, {MANY} clients": self._memory,
        }

    def _fast(self, work: str, path: str | None = None, target: float | None = None, peers: str = "") -> Row:
        """All at once, to one client or none, until it has everything and all is proven."""
        used, rates = [], []
        for _ in range(self._rounds):
            with burst(self._source, count=self._count, page=PAGE) as (feed, grow), serving(feed, *RFC) as server:
                if path is None or "rule" in path:
                    used_now, rate = self._unheard(server, grow, path)
                else:
                    with counting(self._program, server.port, path, 1) as client:
                        begun, before = time.monotonic(), server.cpu
                        grow("all")
                        sound(until(client, self._count), work)
                        until_verified(server, self._count)
                        used_now, rate = server.cpu - before, self._count / (time.monotonic() - begun)
            used.append(1e6 * used_now / self._count)
            rates.append(rate)
        figures = [Figure("CPU", "us/entry", used, target), Figure("rate", "entries/s", rates, at_least=True)]
        return Row(work, "world", figures, peers)

    def _unheard(self, server: Serving, grow: Grow, path: str | None) -> tuple[float, float]:
        clients = 0 if path is None else 1
        with counting(self._program, server.port, path or "/", clients) as client:
            begun, before = time.monotonic(), server.cpu
            grow("all")
            until_verified(server, self._count)
            if client.ask().messages:
                raise SystemExit(f"{path}: {client.ask().messages} messages that nobody asked for")
            return server.cpu - before, self._count / (time.monotonic() - begun)

    def _paced(self, work: str) -> Row:
        """Beside it, in turn with it, what the kernel takes for the writes alone."""
        each, delays, cores, alone = [], [], [], []
        for _ in range(self._rounds):
            alone.append(writes(self._program, self._source, MANY, PACED, self._seconds / 3))
            spent, before, after = self._stretch("/", MANY, PACED, self._seconds)
            each.append(1e6 * spent / (after.messages - before.messages))
            delays.append(after.p99_ms / 1000)
            cores.append(100 * spent / self._seconds)
        figures = [
            Figure("CPU", "us/message", each, 0.6, floor=median(alone)),
            Figure("loopback writes alone", "us/message", alone),
            Figure("CPU, all of the process", "% of a core", cores),
            Figure("p99 from arrival to client", "s", delays),
        ]
        return Row(work, "world", figures, PEERS_PACED)

    def _thousand(self, work: str) -> Row:
        spent, _, after = self._stretch("/domains-only", THOUSAND, FASTER, max(60.0, self._seconds))
        figures = [
            Figure("clients closed", "", [after.closed], 0),
            Figure("gaps, cursors out of order", "", [after.gaps + after.disorder], 0),
            Figure("p99 from arrival to client", "s", [after.p99_ms / 1000], 1),
            Figure("longest", "s", [after.worst_ms / 1000]),
            Figure("CPU", "% of a core", [100 * spent / max(60.0, self._seconds)]),
        ]
        return Row(work, "world", figures)

    def _stretch(self, path: str, clients: int, rate: int, seconds: float) -> tuple[float, Counted, Counted]:
        """CPU of some seconds of steady growth, and what clients had before and after."""
        count = int(rate * (seconds + 10 * SETTLED))
        with (
            burst(self._source, count=count, page=PAGE) as (feed, grow),
            serving(feed, *RFC) as server,
            counting(self._program, server.port, path, clients) as there,
        ):
            grow(str(rate))
            time.sleep(SETTLED)
            before, used = there.ask(), server.cpu
            time.sleep(seconds)
            after, used = there.ask(), server.cpu - used
            if after.messages - before.messages < 0.9 * rate * seconds * clients:
                raise SystemExit(f"{path}: {after.messages - before.messages:,} messages are too few: the feed is slow")
            return used, before, after

    def _memory(self, work: str) -> Row:
        peaks = []
        for _ in range(self._rounds):
            with (
                growing_world(logs=60, rate=300) as feed,
                serving(feed) as server,
                counting(self._program, server.port, "/", MANY) as clients,
            ):
                time.sleep(self._seconds)
                sound(clients.ask(), "60 logs")
                peaks.append(server.peak)
        return Row(work, "world", [Figure("peak RSS", "MB", peaks, 115)], PEERS_MEMORY)


def sound(counted: Counted, work: str) -> None:
    """Raises SystemExit where clients lost anything."""
    if counted.faults:
        raise SystemExit(f"{work}: clients lost messages: {counted}")
