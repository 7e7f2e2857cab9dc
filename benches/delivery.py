"""Deliveries: what sinks cost a follower, how fast a webhook is told, and a backlog that nobody notices.

python benches/delivery.py [ROUNDS] [COUNT] [BACKLOG]
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from feeds import Entries, Feed, burst, clean_environment, entries, world
from process import cpu, nothing, once, state
from rows import Figure, Row
from stream_runs import compiled, counting, serving
from table import table

from certhia.clock import Clock
from certhia.config.sinks import WebhookSink
from certhia.model import Log, Match, Protocol
from certhia.sinks.open import Outside, open_sink
from certhia.sinks.outbox import Outbox
from certhia.sinks.sample import sample
from certhia.sinks.terms import Terms
from certhia.store import State, codec
from certhia.store.bounds import size_of
from certhia.store.place import FILE

PAGE = 1024
BATCH = 100
MATCHES = 50_000  # of a round
BACKLOG = 1_000_000
RATE = 1000  # entries a second beside the backlog
CLIENTS = 10
SETTLED = 3.0  # seconds
BESIDE = 20.0  # seconds that the stream is looked at, without a backlog and with one
SEEDED = 10_000  # matches in one transaction
RULE = "kw:yoga"  # 1.1 in a thousand entries of the corpus
NEVER = "kw:yogq"  # in none
LOG = Log(b"\x01" * 32, b"key", "Log", "Operator", Protocol.STATIC, "https://a.example/", "https://a.example/")

WEBHOOK = """
[sinks.{name}]
type = "webhook"
url = "http://127.0.0.1:{port}/{name}"
batch = {batch}
secret = ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]
"""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One that runs."""

    port: int
    process: subprocess.Popen[str]

    def taken(self) -> int:
        """How many matches came."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(json.loads(self.process.stdout.readline())["matches"])


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver in a process of its own."""
    line = [sys.executable, str(Path(__file__).with_name("receiver.py"))]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_environment())
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Receiver(int(process.stdout.readline()), process)
    finally:
        process.stdin.close()
        process.wait()


def rows(source: Entries, rounds: int, count: int, notes: list[str], backlog: int = BACKLOG) -> Iterator[Row]:
    """Every row about deliveries."""
    yield _five(source, rounds, count)
    yield _fast(rounds)
    program, why = compiled()
    if program is None:
        notes.append(why)
    else:
        yield _backlog(source, program, backlog)


# --- five sinks ---


def _five(source: Entries, rounds: int, count: int) -> Row:
    """Runs with and without sinks in turn, from the same feed."""
    nobody, bare, full, found = list[float](), list[float](), list[float](), list[float]()
    allowed = ("--allow", "*/static/*")
    with world(source, count=count, page=PAGE) as feed, receiver() as there, state() as place:
        place.mkdir(exist_ok=True)
        settings = place / "certhia.toml"
        hooks = [WEBHOOK.format(name=f"hook{number}", port=there.port, batch=BATCH) for number in range(3)]
        files = [f'\n[sinks.file{number}]\ntype = "file"\npath = "{place}/{number}.jsonl"\n' for number in range(2)]
        settings.write_text("".join((*hooks, *files)))
        told = 0
        for _ in range(rounds):
            nobody.append(_each(feed, NEVER, "--every-sighting", *allowed))
            bare.append(_each(feed, RULE, "--every-sighting", *allowed))
            full.append(_each(feed, RULE, "--every-sighting", "--config", str(settings), *allowed))
            now = there.taken()
            found.append(100 * (now - told) / 3 / count)
            told = now
    figures = [
        Figure("CPU with five sinks, to CPU without", "x", _ratios(full, bare), 1.2),
        Figure("CPU with five sinks, to CPU where nothing matches", "x", _ratios(full, nobody)),
        Figure("CPU without sinks, to CPU where nothing matches", "x", _ratios(bare, nobody)),
        Figure("CPU with five sinks", "us/entry", full),
        Figure("CPU without sinks", "us/entry", bare),
        Figure("CPU where nothing matches", "us/entry", nobody),
        Figure("a match, stored", "us", _each_match(bare, nobody, found)),
        Figure("a match, stored and told to five sinks", "us", _each_match(full, nobody, found)),
        Figure("entries that match", "%", found),
    ]
    return Row("five sinks (3 webhooks, 2 files), 100 rules, verified, the same matches", "world", figures)


def _ratios(more: Sequence[float], less: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(more, less, strict=True)]


def _each_match(more: Sequence[float], less: Sequence[float], found: Sequence[float]) -> list[float]:
    """Microseconds a match, from those an entry and from how many per cent match."""
    return [100 * (a - b) / share for a, b, share in zip(more, less, found, strict=True)]


def _each(feed: Feed, *more: str) -> float:
    """CPU of one run, us an entry, without what starting and ending cost."""
    start = nothing(feed, *more)
    return 1e6 * (once(feed, *more).cpu - start.cpu) / feed.count


# --- as fast as it goes ---


def _fast(rounds: int) -> Row:
    """Matches are staged as fast as the writer takes them, and told at the same time."""
    rates, each = list[float](), list[float]()
    for _ in range(rounds):
        with receiver() as there, state() as place:
            rate, cost = asyncio.run(_told(there, place))
            rates.append(rate)
            each.append(cost)
    figures = [
        Figure("rate", "matches/s", rates, 5000, at_least=True),
        Figure("CPU, stored and told", "us/match", each),
    ]
    return Row(f"matches to a webhook, batches of {BATCH}, receiver in its own process", "loopback", figures)


async def _told(there: Receiver, place: Path) -> tuple[float, float]:
    """Matches a second, and microseconds of CPU a match."""
    settings = WebhookSink(url=f"http://127.0.0.1:{there.port}/", batch=BATCH)
    clock, made = Clock(), list(matches(MATCHES))
    sink = await open_sink("hook", settings, Outside(clock, _silent, "certhia/bench"))
    async with await State.open(place, clock=clock, follow=True) as kept, asyncio.TaskGroup() as group:
        kept.writer.log(LOG)
        outbox = Outbox(kept, [sink], clock, terms={"hook": Terms.of(settings)})
        tasks = [group.create_task(kept.writer.run()), group.create_task(outbox.run())]
        begun, used = time.monotonic(), time.process_time()
        for number, one in enumerate(made):
            kept.writer.match(one, ["hook"])
            if number % BATCH == 0:
                await kept.writer.room()
                await asyncio.sleep(0)
        await kept.writer.durable()
        if not await outbox.drain(120) or there.taken() != MATCHES:
            raise SystemExit(f"{there.taken()} of {MATCHES} matches were told")
        took, used = time.monotonic() - begun, time.process_time() - used
        for task in tasks:
            task.cancel()
    await sink.close()
    return MATCHES / took, 1e6 * used / MATCHES


def matches(count: int, start: int = 0) -> Iterator[Match]:
    """Different ones, each at an entry of its own."""
    one = sample(1_760_000_000.0)
    for number in range(start, start + count):
        key = number.to_bytes(32, "big")
        sighting = replace(one.sighting, log_id=LOG.id, index=number)
        yield replace(one, key=key, tbs_sha256=key, sighting=sighting, sha256=key, spki_sha256=key)


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    """Nobody listens."""


# --- a backlog ---


def _backlog(source: Entries, program: Path, backlog: int) -> Row:
    """The same steady stream without a backlog, and while one is worked off."""
    with receiver() as there, state() as place:
        asyncio.run(_made(place))
        seed(place / FILE, backlog)
        settings = place / "certhia.toml"
        settings.write_text(WEBHOOK.format(name="hook", port=there.port, batch=BATCH))
        quiet = _stream(source, program, "--state", str(place.with_suffix(".other")))
        before = there.taken()
        busy = _stream(source, program, "--state", str(place), "--config", str(settings), told=there, until=backlog)
        told = there.taken() - before
    figures = [
        Figure("p99 from arrival to client, without a backlog", "s", [quiet.p99]),
        Figure("p99 from arrival to client, meanwhile", "s", [busy.p99], 1.0),
        Figure("messages of the stream, to those without", "x", [busy.messages / quiet.messages], 0.97, at_least=True),
        Figure("deliveries worked off", "", [told], backlog, at_least=True),
        Figure("rate", "matches/s", [told / busy.seconds]),
        Figure("CPU, without a backlog", "% of a core", [quiet.cpu]),
        Figure("CPU, meanwhile", "% of a core", [busy.cpu]),
    ]
    title = f"a backlog of {backlog:,} deliveries, {CLIENTS} lite clients, {RATE:,} entries/s"
    return Row(title, "world", figures)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some seconds of a stream: p99 in seconds, messages a second, per cent of a core."""

    p99: float
    messages: float
    cpu: float
    seconds: float  # until the backlog was worked off


def _stream(
    source: Entries, program: Path, *more: str, told: Receiver | None = None, until: int = 0, longest: float = 600.0
) -> Stretch:
    count = int(RATE * (BESIDE + longest * (told is not None) + 10 * SETTLED))
    with burst(source, count=count, page=PAGE) as (feed, grow):
        begun = time.monotonic()
        with (
            serving(feed, "--allow", "*/rfc/*", *more) as server,
            counting(program, server.port, "/", CLIENTS) as clients,
        ):
            grow(str(RATE))
            time.sleep(SETTLED)
            before, used, at = clients.ask(), cpu(server.pid), time.monotonic()
            time.sleep(BESIDE)
            while told is not None and told.taken() < until and time.monotonic() - begun < longest:
                time.sleep(0.2)
            now = time.monotonic()
            after, spent = clients.ask(), cpu(server.pid) - used
    took = now - at
    return Stretch(after.p99_ms / 1000, (after.messages - before.messages) / took, 100 * spent / took, now - begun)


async def _made(place: Path) -> None:
    """A state that knows the log."""
    async with await State.open(place, clock=Clock(), follow=True) as kept:
        kept.writer.log(LOG)


def seed(file: Path, count: int) -> None:
    """So many matches that wait for the sink `hook`, past the writer: it would take ten times as long."""
    with closing(sqlite3.connect(file, isolation_level=None)) as hand:
        for start in range(0, count, SEEDED):
            found = list(enumerate(matches(min(SEEDED, count - start), start), start + 1))
            told = [codec.delivery_row(number, number, "hook", size_of(match)) for number, match in found]
            stored = [codec.match_row(number, match) for number, match in found]
            hand.execute("BEGIN")
            for table_name, made in (("matches", stored), ("deliveries", told)):
                columns = ", ".join(f'"{name}"' for name in made[0])
                marks = ", ".join("?" * len(made[0]))
                statement = f"INSERT INTO {table_name} ({columns}) VALUES ({marks})"
                hand.executemany(statement, [tuple(row.values()) for row in made])
                hand.execute("UPDATE tallies SET count = count + ?, last = ? WHERE name = ?",
                             (len(made), start + len(made), table_name))  # fmt: skip
            hand.execute("COMMIT")


def main(arguments: Sequence[str]) -> None:
    """All rows, as a table."""
    rounds, count, backlog = (int(one) for one in (*arguments, *("3", "100000", str(BACKLOG))[len(arguments) :]))
    notes: list[str] = []
    for row in rows(entries(), rounds, count, notes, backlog):
        print(table([row]), flush=True)
    print("\n".join(notes))


if __name__ == "__main__":
    main(sys.argv[1:])
