"""What metrics cost: the same logs followed without them, and with a port that is scraped every second.

python benches/metrics_cost.py [ROUNDS]
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence

from feeds import Feed, clean_environment, free_port, growing_world
from process import command, cpu, state
from rows import Figure, Row
from table import table

LOGS = 60
RATE = 500.0  # entries a second, of all logs together
SETTLED = 8.0  # seconds
LONG = 20.0  # seconds that are measured
EVERY = 1.0  # seconds between two scrapes


def rows(rounds: int) -> Iterator[Row]:
    """The one row."""
    with growing_world(logs=LOGS, rate=RATE) as feed:
        measured = [(_followed(feed), _followed(feed, free_port())) for _ in range(rounds)]
    figures = [
        Figure("CPU more, to that without metrics", "%", [100 * (b[0] / a[0] - 1) for a, b in measured]),
        Figure("CPU more", "% of a core", [b[0] - a[0] for a, b in measured]),
        Figure("CPU without metrics", "% of a core", [a[0] for a, _ in measured]),
        Figure("a scrape takes", "ms", [b[1] for _, b in measured]),
        Figure("a scrape has", "kB", [b[2] for _, b in measured]),
    ]
    yield Row(f"metrics scraped every second, {LOGS} logs, {RATE:,.0f} entries/s", "world", figures)


def _followed(feed: Feed, port: int = 0) -> tuple[float, float, float]:
    """Per cent of a core; how long a scrape took at the median, ms, and its size in kB."""
    took, size = list[float](), 0
    more = ("--metrics-listen", f"127.0.0.1:{port}") if port else ()
    with state() as place:
        line = command(feed, place, "--from", "now", *more)
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
        try:
            time.sleep(SETTLED)
            before, begun = cpu(process.pid), time.monotonic()
            while (passed := time.monotonic() - begun) < LONG:
                if port:
                    size = _scraped(port, took)
                time.sleep(EVERY - (passed % EVERY))
            used = cpu(process.pid) - before
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    return 100 * used / passed, sorted(took)[len(took) // 2] if took else 0.0, size / 1000


def _scraped(port: int, took: list[float]) -> int:
    begun = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        body = answer.read()
    took.append(1000 * (time.perf_counter() - begun))
    if b"certhia_" not in body:
        raise SystemExit(f"no metrics at port {port}: {body[:200]!r}")
    return len(body)


def main(arguments: Sequence[str]) -> None:
    """The row, as a table."""
    print(table(list(rows(int(arguments[0]) if arguments else 2))))


if __name__ == "__main__":
    main(sys.argv[1:])
