"""`make bench`: CPU, rate and memory of our own process, as a table and as JSON (benches/out/bench.json).

Most runs are whole `certhia watch` processes with 100 rules and every entry verified, fed over loopback by another
process on the same cores; CPU is user + system of ours. The part "core" calls the core alone, in this process. Choose
parts by name: `make bench ARGS="core idle"`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import core_pages
import core_rules
import delivery
import delivery_redis
import head_to_webhook
import judging
import metrics_cost
import resolving
import scanning
import start
from feeds import (
    CACHE,
    ROOT,
    Entries,
    Feed,
    build_ctfeed,
    clean_environment,
    ctfeed,
    entries,
    many_logs,
    quiet_world,
    world,
)
from process import once, rules_file, share, stretch
from rows import RFC6962, STATIC, Figure, Row, Work, several
from stream_ill import Ill
from stream_rows import Stream
from stream_runs import compiled
from table import machine, table, write

import modules

PARTS = (
    "core",
    "entries",
    "ctfeed",
    "idle",
    "catching-up",
    "start",
    "stream",
    "names",
    "verdicts",
    "scan",
    "delivery",
    "modules",
)
LOGS = 60
CORE_ROUNDS = 5  # for each round of whole processes: milliseconds each, and easily disturbed
PAGES = (1024, 256, 32)
IDLE_PEER = "certspotter 49 MB"
STATIC_WORK = Work("static", "static", cpu=8)


def main() -> int:
    """Runs the parts that were asked for."""
    parser = argparse.ArgumentParser(description="CPU, rate and memory of our own process.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless given")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each row (default 3)")
    parser.add_argument("--count", type=int, default=200_000, help="entries of a log (default 200,000)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each paced row of the stream (default 30)")
    parser.add_argument(
        "--rows", nargs="*", default=(), metavar="WORD", help="rows of the stream with such a word alone"
    )
    parser.add_argument("--json", type=Path, default=ROOT / "benches" / "out" / "bench.json", help="where to write")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    begun, load = time.monotonic(), os.getloadavg()
    bench = Bench(entries(), options.count, options.rounds, options.seconds, options.rows)
    for name in options.parts or PARTS:
        say(f"{name} …")
        bench.rows += bench.measure(name)
    facts = {
        "machine": machine(), "core": bench.built, "load_before": load, "load_after": os.getloadavg(),
        "seconds": round(time.monotonic() - begun), "floor_ns": bench.floor, "notes": bench.notes,
    }  # fmt: skip
    write(options.json, bench.rows, **facts)
    print(bench.heading(load))
    print(table(bench.rows))
    print("\n".join(["", *bench.notes, f"{facts['seconds']} s; all values: {options.json}"]))
    return 0


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


class Bench:
    """The parts."""

    def __init__(self, source: Entries, count: int, rounds: int, seconds: float, chosen: Sequence[str]) -> None:
        self.rows: list[Row] = []
        self.notes: list[str] = []
        self._source = source
        self._count = count
        self._rounds = rounds
        self._seconds = seconds
        self._chosen = chosen
        if not source.real:
            self.notes.append("No corpus here: entries are made up by the test world's CA, smaller than real ones.")
        command = [sys.executable, str(ROOT / "benches" / "floor.py"), str(source.path), str(rules_file())]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, env=clean_environment()).stdout)
        self.floor: dict[str, float] = said["parts"]
        self.built: dict[str, str] = said["core"]

    def heading(self, load: tuple[float, float, float]) -> str:
        """Machine, feeds and floor in a few lines."""
        where = machine()
        parts = ", ".join(f"{name} {value / 1000:.2f}" for name, value in self.floor.items())
        return "\n".join(
            [
                f"{where['processor']}, {where['cores']} cores, load {load[0]:.1f} before and "
                f"{os.getloadavg()[0]:.1f} at the end; Python {where['python']}; commit {where['commit']}",
                f"floor, us an entry: {parts}",
                f"floor of a path: RFC 6962 {self._floor('rfc'):.2f} ({' + '.join(RFC6962)}), "
                f"static {self._floor('static'):.2f} ({' + '.join(STATIC)})",
                "",
            ]
        )

    def measure(self, part: str) -> Iterator[Row]:
        """The rows of one part."""
        measures = {
            "core": self._core, "entries": self._world, "ctfeed": self._ctfeed, "idle": self._idle,
            "catching-up": self._catching_up, "start": self._start, "stream": self._stream,
            "names": self._names, "verdicts": self._verdicts, "scan": self._scan,
            "delivery": self._delivery, "modules": self._modules,
        }  # fmt: skip
        for row in measures[part]():
            say(table([row]).split("\n", 2)[2])
            yield row

    def _names(self) -> Iterator[Row]:
        yield from resolving.rows(self._rounds)

    def _verdicts(self) -> Iterator[Row]:
        yield from judging.rows(self._rounds)

    def _scan(self) -> Iterator[Row]:
        yield from scanning.rows(self._rounds, self.notes)

    def _delivery(self) -> Iterator[Row]:
        yield from delivery.rows(self._source, self._rounds, self._count, self.notes)
        yield from delivery_redis.rows(self._rounds, self.notes)
        yield from head_to_webhook.rows()
        yield from metrics_cost.rows(self._rounds)

    def _modules(self) -> Iterator[Row]:
        yield from modules.rows(self._source, self._rounds, self._count)

    def _floor(self, log: str) -> float:
        return sum(self.floor[part] for part in (RFC6962 if log == "rfc" else STATIC)) / 1000

    def _core(self) -> Iterator[Row]:
        given, rounds = core_pages.material(self._source.path), CORE_ROUNDS * self._rounds
        yield from core_pages.rows(given, rounds)
        yield from core_rules.rows(given, self._source.path, rounds)

    def _world(self) -> Iterator[Row]:
        count = self._count // 2  # its entries take long to make
        for page in PAGES:
            with world(self._source, count=count, page=page) as feed:
                yield self._row(self._rfc6962(page), feed, "world")
                if page == PAGES[0]:
                    yield self._row(STATIC_WORK, feed, "world")
        with world(self._source, count=count, page=PAGES[0], tls=True) as feed:
            yield self._row(Work(f"RFC 6962, pages of {PAGES[0]:,}, TLS", "rfc"), feed, "world")
            yield self._row(Work("static, TLS", "static"), feed, "world")

    def _ctfeed(self) -> Iterator[Row]:
        program, why = build_ctfeed()
        if program is None:
            self.notes.append(why)
            return
        for page in PAGES:
            first = page == PAGES[0]
            with ctfeed(program, self._source, count=self._count, page=page, static=first) as feed:
                row = self._row(self._rfc6962(page), feed, "ctfeed")
                yield row
                if first:
                    yield self._verification(row, feed)
                    yield self._row(STATIC_WORK, feed, "ctfeed")

    def _row(self, work: Work, feed: Feed, feed_name: str) -> Row:
        return work.row(feed, feed_name, self._floor(work.log), self._rounds)

    def _rfc6962(self, page: int) -> Work:
        aimed = page in PAGES[:2]
        return Work(f"RFC 6962, pages of {page:,}", "rfc", 10 if aimed else None, 60_000 if aimed else None)

    def _verification(self, row: Row, feed: Feed) -> Row:
        """Leaf hashes and the tree's edge, by the floor; heads' signatures, proofs and the state, in a run."""
        parts = {
            "leaf hashes": self.floor["leaf_hash"] / 1000,
            "the tree's edge": self.floor["edge"] / 1000,
            **share(feed),
        }
        spent = sum(parts.values())
        whole = Figure("of the CPU, start-up left out", "%", [100 * spent / row.figures[0].value])
        figures = [Figure(f"CPU: {name}", "us/entry", [value]) for name, value in parts.items()]
        return Row("verification's and the state's share", row.feed, [whole, *figures])

    def _idle(self) -> Iterator[Row]:
        for tls in (False, True):
            with quiet_world(logs=LOGS, tls=tls) as feed:
                seen = stretch(feed, after=8, seconds=60)
            figures = [
                Figure("CPU over 60 s", "% of a core", [seen.cpu], 3),
                Figure("RSS after it", "MB", [seen.resident], 105),
                Figure("peak RSS", "MB", [seen.peak]),
            ]
            yield Row(f"{seen.logs} logs idle{', TLS' if tls else ''}", "world", figures, IDLE_PEER)

    def _catching_up(self) -> Iterator[Row]:
        with many_logs(self._source, logs=LOGS, count=min(8192, self._count)) as feed:
            runs = [once(feed) for _ in range(self._rounds)]
        figures = [
            Figure("peak RSS", "MB", [run.peak for run in runs], 200),
            Figure("CPU, whole run", "us/entry", [1e6 * run.cpu / run.entries for run in runs]),
            Figure("rate", "entries/s", [run.rate for run in runs], at_least=True),
        ]
        yield Row(f"{LOGS} logs catching up, {feed.count:,} entries each", "world, half static", figures)

    def _stream(self) -> Iterator[Row]:
        program, why = compiled()
        if program is None:
            self.notes.append(why)
            return
        yield from Stream(program, self._source, self._rounds, self._count, self._seconds, self._chosen).rows()
        if not self._chosen:
            yield from Ill(program, self._source, self._seconds).rows()

    def _start(self) -> Iterator[Row]:
        warm = Figure("warm: files in memory, state there", "s", several(start.warm, self._rounds), 1)
        cold = Figure("cold: files on disk, new state", "s", several(start.cold, self._rounds), 1)
        yield Row("start to a log's first request", "", [warm, cold])


if __name__ == "__main__":
    CACHE.mkdir(parents=True, exist_ok=True)
    sys.exit(main())
