"""`certhia serve` in a process of its own, and many counting clients in another (count.c)."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from feeds import CACHE, Feed, clean_environment, free_port
from process import PROGRAM, cpu, memory, state

SOURCE = Path(__file__).with_name("count.c")
STARTED = 30.0  # seconds until a server must answer
LONGEST = 300.0  # seconds until a stream must have brought what is waited for


@dataclass(frozen=True, slots=True)
class Counted:
    """What clients have so far, all together."""

    messages: int
    least: int  # messages of the client that has fewest
    gaps: int
    disorder: int  # cursors that did not follow the one before
    closed: int
    bytes: int
    p50_ms: int
    p99_ms: int
    worst_ms: int
    measured: int  # messages of which the time is known

    @property
    def faults(self) -> int:
        """What there must be none of."""
        return self.gaps + self.disorder + self.closed


class Serving:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.pid, self.port = process.pid, port

    @property
    def cpu(self) -> float:
        """Seconds so far."""
        return cpu(self.pid)

    @property
    def peak(self) -> float:
        """MB, resident."""
        return memory(self.pid)[1]

    def verified(self) -> int:
        """Entries that are proven."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=20) as answer:
            return int(json.load(answer)["verified"])


class Counting:
    """Clients that count."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self) -> Counted:
        """How they stand."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counted(**json.loads(self._process.stdout.readline()))


def compiled() -> tuple[Path | None, str]:
    """The counting client, built into the cache, or None and why not."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None, "stream left out: no C compiler (cc) for its clients"
    CACHE.mkdir(parents=True, exist_ok=True)
    program = CACHE / "count"
    if not program.exists() or program.stat().st_mtime < SOURCE.stat().st_mtime:
        line = [compiler, "-O2", "-o", str(program), str(SOURCE)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            return None, f"stream left out: its clients can't be built: {done.stderr}"
    return program, ""


@contextmanager
def serving(feed: Feed, *more: str) -> Iterator[Serving]:
    """`certhia serve` that follows a feed from now on, once it answers."""
    port = free_port()
    reading = ["--log-list", feed.log_list, "--from", "now", "--poll", "200ms"]
    limits = ["--max-clients", "2000", "--max-per-address", "2000", "--connect-rate", "100000"]
    with state() as place, tempfile.TemporaryFile() as said:
        line = [str(PROGRAM), "serve", "--listen", f"127.0.0.1:{port}", "--state", str(place), *reading, *limits, *more]
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=said, env=clean_environment())
        try:
            _until(lambda: process.poll() is not None or _is_healthy(port), STARTED, "a server that follows logs")
            if process.poll() is not None:
                said.seek(0)
                raise SystemExit(f"{' '.join(line)}\nended:\n{said.read().decode('utf-8', 'replace')}")
            yield Serving(process, port)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


@contextmanager
def counting(program: Path, port: int, path: str, clients: int, checked: int = 10) -> Iterator[Counting]:
    """So many clients of a path, all connected; of `checked` every message is read."""
    line = [str(program), str(port), path, str(clients), str(checked)]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"{' '.join(line)} ended with status {process.wait()}")
        yield Counting(process)
    finally:
        process.stdin.close()
        process.wait()


def until(clients: Counting, least: int) -> Counted:
    """Waits until each client has so many messages."""
    _until(lambda: clients.ask().least >= least, LONGEST, f"{least} messages for each client")
    return clients.ask()


def until_verified(server: Serving, entries: int) -> None:
    """Waits until so many entries are proven."""
    _until(lambda: server.verified() >= entries, LONGEST, f"{entries} entries proven")


def _until(holds: Callable[[], bool], within: float, what: str) -> None:
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"not within {within:.0f} s: {what}")
        time.sleep(0.05)


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(json.load(answer)["followed"])
    except OSError:
        return False
