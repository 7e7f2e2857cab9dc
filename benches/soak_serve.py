"""`make soak ARGS=stream`: a server whose clients come, go, stall and die, with an eye on its memory.

Beside them some clients do nothing but read, and check every cursor: none of the others may cost them a message.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feeds import CACHE, Feed, clean_environment, free_port, growing_world
from process import memory, state
from soak import SAMPLES, Sample, grown, say
from soak_clients import Crowd
from stream_runs import compiled, counting

LOGS, RATE = 15, 300.0  # entries a second, all logs together
CROWD = 60  # clients at once
STEADY = 4  # of those that only read
TOLD_EVERY = 20  # samples
SPARE = 15.0  # MB that memory may grow by: what malloc keeps of a moment with many clients that stall
LIMITS = (
    "--client-buffer", "500KB", "--lag-limit", "4s", "--heartbeat", "1s", "--compression", "--history", "32MB",
    "--poll", "1s", "--from", "now", "--dedupe-size", "10000",
)  # fmt: skip


def soak(seconds: float, seed: int) -> int:
    """Runs it; 1 where anything grew, or a steady client lost anything."""
    program, why = compiled()
    if program is None:
        say(why)
        return 1
    CACHE.mkdir(parents=True, exist_ok=True)
    with growing_world(logs=LOGS, rate=RATE) as feed, state() as place, _served(feed, place) as (process, port):
        with counting(program, port, "/", STEADY, STEADY) as steady, crowd(port, seed) as others:
            samples = _watched(process, place, seconds)
            others.end()
            counted = steady.ask()
        stats = json.loads(_get(port, "/stats"))
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        status = process.wait(30)
        left = time.monotonic() - begun
    print(f"{sum(others.lives.values()):,} clients: {dict(others.lives)}; {others.refused:,} were refused")
    print(f"streams: {stats['streams']}")
    print(f"steady clients: {counted.messages:,} messages, p99 {counted.p99_ms} ms; it was gone in {left:.1f} s")
    faults = grown(samples, SPARE)
    if counted.faults or not counted.least:
        faults.append(f"steady clients lost messages: {counted}")
    if status:
        faults.append(f"it ended with status {status}: {(place / 'said.txt').read_text()[-2000:]}")
    print("\n".join(faults) or "nothing lost by those who kept up, nothing grown")
    return 1 if faults else 0


@contextmanager
def _served(feed: Feed, place: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The server, once it follows logs."""
    port = free_port()
    wrapper = str(Path(__file__).with_name("soak_watch.py"))
    reading = ["--log-list", feed.log_list, "--state", str(place / "state"), "--listen", f"127.0.0.1:{port}"]
    command = [sys.executable, wrapper, str(place / "tasks"), "serve", *reading, *LIMITS]
    with (place / "said.txt").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=clean_environment())
        try:
            end = time.monotonic() + 30
            while not _is_up(port):
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"it did not start:\n{(place / 'said.txt').read_text()[-2000:]}")
                time.sleep(0.1)
            yield process, port
        finally:
            process.kill()
            process.wait()


@contextmanager
def crowd(port: int, seed: int) -> Iterator[Crowd]:
    """The others, in a thread of their own."""
    there = Crowd(port, CROWD, seed)
    thread = threading.Thread(target=lambda: asyncio.run(there.run()), name="crowd")
    thread.start()
    try:
        yield there
    finally:
        there.end()
        thread.join(60)


def _watched(process: subprocess.Popen[bytes], place: Path, seconds: float) -> list[Sample]:
    samples: list[Sample] = []
    begun = time.monotonic()
    for number in range(SAMPLES):
        time.sleep(max(0.0, begun + (number + 1) * seconds / SAMPLES - time.monotonic()))
        if process.poll() is not None:
            raise SystemExit(f"it ended by itself:\n{(place / 'said.txt').read_text()[-4000:]}")
        os.kill(process.pid, signal.SIGUSR2)
        about, tasks = Path(f"/proc/{process.pid}"), place / "tasks"
        threads, handles = (sum(1 for _ in (about / name).iterdir()) for name in ("task", "fd"))
        running = int(tasks.read_text() or 0) if tasks.exists() else 0
        samples.append(Sample(time.monotonic() - begun, memory(process.pid)[0], handles, threads, running))
        if number % TOLD_EVERY == TOLD_EVERY - 1:
            say(f"{samples[-1]}")
    return samples


def _is_up(port: int) -> bool:
    try:
        return bool(json.loads(_get(port, "/health"))["followed"])
    except OSError:
        return False


def _get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        body: bytes = answer.read()
        return body
