"""Deliveries to a real Redis: how fast it is told of a match, and of how many in a second.

python benches/delivery_redis.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from delivery import LOG, MATCHES, matches
from feeds import clean_environment
from process import state
from pydantic import SecretStr
from rows import Figure, Row
from table import table

from certhia.clock import Clock
from certhia.config.sinks import RedisSink
from certhia.model import Match
from certhia.sinks.open import Outside, open_sink
from certhia.sinks.outbox import Outbox
from certhia.sinks.terms import Terms
from certhia.store import State

STEADY = 200  # matches a second, one by one
LONG = 10  # seconds of it
STAGED = 100  # matches between two looks at the loop


@dataclass(frozen=True, slots=True)
class Server:
    """A Redis, and who listens to it."""

    port: int
    reader: subprocess.Popen[str]

    def heard(self) -> dict[str, float]:
        """What came since the last time: how many, and their ages in milliseconds."""
        assert self.reader.stdin is not None
        assert self.reader.stdout is not None
        self.reader.stdin.write("\n")
        self.reader.stdin.flush()
        told: dict[str, float] = json.loads(self.reader.stdout.readline())
        return told


@contextmanager
def server(program: str) -> Iterator[Server]:
    """One that is empty, and keeps nothing on disk."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with TemporaryDirectory() as folder:
        line = [
            program,
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--dir",
            folder,
            "--save",
            "",
            "--loglevel",
            "warning",
        ]
        redis = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while redis.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        line = [sys.executable, str(Path(__file__).with_name("redis_reader.py")), str(port), "bb:ct_events"]
        reader = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_environment()
        )
        assert reader.stdin is not None
        assert reader.stdout is not None
        try:
            reader.stdout.readline()
            yield Server(port, reader)
        finally:
            reader.stdin.close()
            reader.terminate()
            reader.wait()
            redis.terminate()
            redis.wait()


def rows(rounds: int, notes: list[str]) -> Iterator[Row]:
    """Both rows; a note where there is no Redis."""
    program = shutil.which("redis-server")
    if program is None:
        notes.append("no redis-server: what Redis is told was not measured (TEST_INSTALL=1 make test installs it)")
        return
    ages, oldest, rates, each = list[float](), list[float](), list[float](), list[float]()
    for _ in range(rounds):
        with server(program) as there, state() as place:
            asyncio.run(_told(there, place, _steadily))
            heard = there.heard()
            ages.append(heard["p99"])
            oldest.append(heard["most"])
        with server(program) as there, state() as place:
            took, used = asyncio.run(_told(there, place, _at_once))
            rates.append(MATCHES / took)
            each.append(1e6 * used / MATCHES)
    figures = [
        Figure("p99 from match to Redis's subscriber", "ms", ages, 50),
        Figure("the slowest", "ms", oldest),
        Figure("rate, as fast as it goes", "matches/s", rates, 5000, at_least=True),
        Figure("CPU, stored and told", "us/match", each),
    ]
    yield Row(f"matches to Redis: channel, list, stream; {STEADY:,} a second, one by one", "loopback", figures)


Staging = Callable[[State, Sequence[Match]], Awaitable[None]]


async def _told(there: Server, place: Path, stage: Staging) -> tuple[float, float]:
    """Seconds and CPU seconds until all that `stage` staged was told."""
    settings = RedisSink(url=SecretStr(f"redis://127.0.0.1:{there.port}"), stream="ct", stream_length=0)
    clock, made = Clock(), list(matches(STEADY * LONG if stage is _steadily else MATCHES))
    sink = await open_sink("redis", settings, Outside(clock, _silent, "certhia/bench"))
    async with await State.open(place, clock=clock, follow=True) as kept, asyncio.TaskGroup() as group:
        kept.writer.log(LOG)
        outbox = Outbox(kept, [sink], clock, terms={"redis": Terms.of(settings)})
        tasks = [group.create_task(kept.writer.run()), group.create_task(outbox.run())]
        begun, used = time.monotonic(), time.process_time()
        await stage(kept, made)
        await kept.writer.durable()
        if not await outbox.drain(120) or outbox.queues[0].told != len(made):
            raise SystemExit(f"{outbox.queues[0].told} of {len(made)} matches were told")
        took, spent = time.monotonic() - begun, time.process_time() - used
        for task in tasks:
            task.cancel()
    await sink.close()
    return took, spent


async def _steadily(kept: State, made: Sequence[Match]) -> None:
    begun = time.monotonic()
    for number, one in enumerate(made):
        kept.writer.match(replace(one, seen=time.time()), ["redis"])
        await asyncio.sleep(max(0.0, begun + (number + 1) / STEADY - time.monotonic()))


async def _at_once(kept: State, made: Sequence[Match]) -> None:
    for number, one in enumerate(made):
        kept.writer.match(one, ["redis"])
        if number % STAGED == 0:
            await kept.writer.room()
            await asyncio.sleep(0)


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    """Nobody listens."""


def main(arguments: Sequence[str]) -> None:
    """Both, as a table."""
    notes: list[str] = []
    print(table(list(rows(int(arguments[0]) if arguments else 3, notes))))
    print("\n".join(notes))


if __name__ == "__main__":
    main(sys.argv[1:])
