"""A reload of many rules, in a process of its own: time, memory, and how long a thread that scans stands still.

python benches/reload.py ENTRIES.jsonl RULES
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from itertools import islice, pairwise
from pathlib import Path

from process import MB, memory

from certhia._core import Issuers, Matcher, Page
from certhia.rules.watchlist import Watchlist

ROUNDS = 5
ENTRIES = 256  # of the page that is scanned over and over
STILL = 1.0  # seconds of scanning without a reload


def main(entries: Path, rules: Path) -> None:
    """Prints what it measured as JSON."""
    page = _page(entries)
    gc.collect()
    before = memory(os.getpid())[0]
    kept = Watchlist.load([], [rules])
    count = len(kept)
    gc.collect()
    one = memory(os.getpid())[0] - before
    seconds, cpu, pauses = [], [], []
    with_second = 0.0
    for _ in range(ROUNDS):
        scanner = Scanner(page, kept.matcher)
        begun, used = time.perf_counter(), time.thread_time()
        second = Watchlist.load([], [rules])
        seconds.append(time.perf_counter() - begun)
        cpu.append(time.thread_time() - used)
        pauses.append(1000 * scanner.stop())
        with_second = max(with_second, memory(os.getpid())[1] - before)
        del second
    quiet = Scanner(page, kept.matcher)
    time.sleep(STILL)
    told = {
        "seconds": seconds, "cpu": cpu, "pause": pauses, "pause_without": [1000 * quiet.stop()],
        "one": one * MB / count, "two": with_second * MB / count,
    }  # fmt: skip
    print(json.dumps(told))


class Scanner:
    """Scans until it is told to stop, and remembers when it was at work."""

    def __init__(self, page: Page, matcher: Matcher) -> None:
        self._page = page
        self._matcher = matcher
        self._done = threading.Event()
        self._times: list[float] = []
        self._thread = threading.Thread(target=self._scan)
        self._thread.start()

    def _scan(self) -> None:
        while not self._done.is_set():
            self._matcher.scan(self._page)
            self._times.append(time.perf_counter())

    def stop(self) -> float:
        """The longest time from one page to the next, in seconds."""
        self._done.set()
        self._thread.join()
        return max((after - before for before, after in pairwise(self._times)), default=float("inf"))


def _page(entries: Path) -> Page:
    with entries.open("rb") as lines:
        read = [json.loads(line) for line in islice(lines, ENTRIES)]
    return Page.from_get_entries([json.dumps({"entries": read}).encode()], 0, Issuers())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
