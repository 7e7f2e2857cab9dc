"""`make soak`: a growing world followed for long, first killed again and again, then left alone with an eye on memory.

Ends with status 1 when the ledger has a fault, a log was left behind, or memory kept growing.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from feeds import CACHE, clean_environment, growing_world
from process import PROGRAM, memory, state

KILLED = 0.25  # of the time: the part with kills
KILL_EVERY = 15.0  # seconds
SAMPLES = 200  # of memory, over the quiet part
GROWTH = 1.10  # what memory may grow by from the middle of the quiet part to its end, times
SPARE = 5.0  # MB that it may grow by besides
RULES = ("example.com", "*.acme.test", "192.0.2.0/24")


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description="Follow a growing world for long.")
    parser.add_argument("--seconds", type=float, default=3600.0, help="how long (default 3600)")
    parser.add_argument(
        "--rate", type=float, default=500.0, help="new entries a second, all logs together (default 500)"
    )
    parser.add_argument("--logs", type=int, default=12, help="how many logs (default 12)")
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    with growing_world(logs=options.logs, rate=options.rate) as feed, state() as place:
        soak = Soak(feed.log_list, place)
        kills = soak.killed(options.seconds * KILLED)
        sizes = soak.quiet(options.seconds * (1 - KILLED))
        faults = [*soak.caught_up(), *grown(sizes)]
        matches = (place / "matches.jsonl").read_bytes().count(b"\n")
    middle, end = halves(sizes)
    print(f"{kills} kills, {matches:,} matches told, {middle:.0f} MB in the middle, {end:.0f} MB at the end")
    print("\n".join(faults) or "nothing lost, nothing grown")
    return 1 if faults else 0


class Soak:
    """One state, followed by one process after the other."""

    def __init__(self, log_list: str, place: Path) -> None:
        self._source = ["--log-list", log_list, "--state", str(place / "state")]
        self._said = place / "said.txt"
        self._matches = place / "matches.jsonl"

    def _start(self, *more: str) -> subprocess.Popen[bytes]:
        reading = [*self._source, "--from", "beginning", "--poll", "2s", "--patience", "5s"]
        told = ["--format", "silent", "-o", str(self._matches)]
        with self._said.open("ab") as said:
            return subprocess.Popen(
                [str(PROGRAM), "watch", *RULES, *reading, *told, *more], stderr=said, env=clean_environment()
            )

    def _ran(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PROGRAM), command, *more], capture_output=True, text=True, env=clean_environment(), check=False
        )

    def killed(self, seconds: float) -> int:
        """Starts and kills it; gives how often."""
        end, kills = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            process = self._start()
            time.sleep(min(KILL_EVERY, max(end - time.monotonic(), 1.0)))
            if process.poll() is not None:
                raise SystemExit(f"it ended by itself with status {process.returncode}:\n{self._said.read_text()}")
            process.kill()
            process.wait()
            kills += 1
            say(f"killed {kills} times")
        return kills

    def quiet(self, seconds: float) -> list[float]:
        """Leaves it alone; gives its resident memory in MB, over the time."""
        process, sizes = self._start(), []
        for number in range(SAMPLES):
            time.sleep(seconds / SAMPLES)
            if process.poll() is not None:
                raise SystemExit(f"it ended by itself with status {process.returncode}:\n{self._said.read_text()}")
            sizes.append(memory(process.pid)[0])
            if number % 10 == 9:
                say(f"{sizes[-1]:.0f} MB after {(number + 1) * seconds / SAMPLES:.0f} s")
        process.send_signal(signal.SIGINT)
        process.wait(10)
        return sizes

    def caught_up(self) -> list[str]:
        """Reads what is left, then what is wrong with the ledger, or left behind."""
        if status := self._start("--until", "now").wait():
            return [f"catching up ended with status {status}"]
        fsck = self._ran("fsck", *self._source[2:])
        faults = [] if fsck.returncode == 0 else [f"fsck: {fsck.stdout}{fsck.stderr}"]
        rows = json.loads(self._ran("logs", "--json", *self._source).stdout)
        left = [row for row in rows if not row["position"] or row["lag_entries"] > row["size"] * 0.05 + 1000]
        return [*faults, *(f"{row['description']}: at {row['position']} of {row['size']}" for row in left)]


def halves(sizes: Sequence[float]) -> tuple[float, float]:
    """Mean memory in the quarter before the middle, and in the last quarter."""
    quarter = len(sizes) // 4
    return fmean(sizes[quarter : 2 * quarter]), fmean(sizes[-quarter:])


def grown(sizes: Sequence[float]) -> list[str]:
    """What is wrong with the memory."""
    middle, end = halves(sizes)
    return [f"memory grew from {middle:.0f} to {end:.0f} MB"] if end > middle * GROWTH + SPARE else []


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
