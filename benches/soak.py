"""`make soak`: many ill logs followed for long, killed again and again, then left alone with an eye on memory.

Ends with status 1 where an entry was lost or left unverified, the ledger has a fault, or memory, handles or tasks grew.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from feeds import CACHE, clean_environment
from process import PROGRAM, memory, state

HERE = Path(__file__).parent
QUIET = 0.5  # of the time: the part without kills
LIFE = (0.7, 4.0)  # seconds that one lives which is killed
SAMPLES = 240  # of memory, handles and tasks, over the quiet part
WARM = 0.35  # of the quiet part, that is warm-up
BLOCKS = 8  # of the rest: the slope goes by the lower quartile of each. Above it is what a bomb takes for a moment
STUDENT = 2.45  # of 6 degrees of freedom, at 95 %
SPARE = 70.0  # MB that memory may grow by while that is measured: malloc may keep what a bomb of 64 MiB took
CATCH_UP = 300.0  # seconds
RELOAD_EVERY = 12  # samples
MATCHES = """
    SELECT lower(hex(tbs_sha256)), max(matches.verified), group_concat(DISTINCT lower(hex(log_id)))
    FROM matches JOIN sightings ON matches.id = "match" JOIN logs ON logs.id = log GROUP BY matches.id
"""
FROZEN = "SELECT log_id, reason FROM freezes JOIN logs ON logs.id = log WHERE accepted IS NULL"


@dataclass(frozen=True, slots=True)
class Sample:
    """How a process stands."""

    at: float  # seconds
    memory: float  # MB
    handles: int
    threads: int
    tasks: int


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description="Follow ill logs for long, or serve ill clients.")
    what = "what is soaked: watch, by ill logs (the default), or stream, by clients that come, go, stall and die"
    parser.add_argument("what", nargs="?", choices=("watch", "stream"), default="watch", help=what)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long; longer where kills need it (600)")
    parser.add_argument("--kills", type=int, default=100, help="how often it is killed (100)")
    parser.add_argument("--logs", type=int, default=45, help="how many logs (45)")
    parser.add_argument("--rate", type=float, default=60.0, help="new entries a second, all logs together (60)")
    parser.add_argument("--chance", type=float, default=0.01, help="of each fault at each request (0.01)")
    parser.add_argument("--seed", type=int, default=1, help="of the dice (1)")
    options = parser.parse_args()
    if options.what == "stream":
        import soak_serve  # noqa: PLC0415  (it takes what grew from here)

        return soak_serve.soak(options.seconds, options.seed)
    CACHE.mkdir(parents=True, exist_ok=True)
    begun, choose = time.monotonic(), random.Random(options.seed)
    arguments = (options.logs, options.rate, options.chance, options.seed)
    with world(*map(str, arguments)) as there, state() as place:
        soak = Soak(there.log_list, place)
        soak.killed(options.kills, choose)
        left = max(options.seconds - (time.monotonic() - begun), options.seconds * QUIET)
        there.tell("lists")
        samples = soak.quiet(left)
        truth = there.ask()
        faults = [*soak.caught_up(), *soak.complete(truth), *grown(samples)]
    hits = sum(truth["hits"].values())
    told = f"{options.kills} kills, {sum(truth['sizes'].values()):,} entries in {len(truth['sizes'])} logs"
    print(f"{told}, {len(truth['names']):,} watched for, {hits:,} faults of {len(truth['hits'])} kinds")
    print("\n".join(faults) or "nothing lost, nothing unverified, nothing grown")
    return 1 if faults else 0


class There:
    """The world, in its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.log_list: str = self._line()["log_list"]

    def ask(self) -> dict[str, Any]:
        """Ends growth and faults; gives sizes by log id, the names that were watched for, and how often what struck."""
        self.tell("enough")
        return self._line()

    def tell(self, word: str) -> None:
        """A word for the world: see soak_world.py."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the world ended")
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def world(*arguments: str) -> Iterator[There]:
    """The logs, until the end."""
    command = [sys.executable, str(HERE / "soak_world.py"), *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_environment()
    )
    try:
        yield There(process)
    finally:
        process.terminate()
        process.wait()


class Soak:
    """One state, followed by one process after the other."""

    def __init__(self, log_list: str, place: Path) -> None:
        self._source = ["--log-list", log_list, "--state", str(place / "state")]
        self._state = place / "state"
        self._said, self._matches = place / "said.txt", place / "matches.jsonl"
        self._rules, self._tasks = place / "rules.txt", place / "tasks"
        self._reloads = 0
        self._reload()

    def _reload(self) -> None:
        """Other rules that match nothing, beside those that do."""
        self._reloads += 1
        fresh = self._rules.with_suffix(".new")
        fresh.write_text(f"example.com\n*.acme-{self._reloads}.invalid\n192.0.2.0/24\n")
        fresh.replace(self._rules)

    def _start(self, *more: str) -> subprocess.Popen[bytes]:
        reading = [*self._source, "--from", "beginning", "--poll", "2s", "--patience", "5s", "--memory", "64MB"]
        told = ["--format", "silent", "-o", str(self._matches), "-w", str(self._rules)]
        command = [sys.executable, str(HERE / "soak_watch.py"), str(self._tasks), "watch", *reading, *told, *more]
        with self._said.open("ab") as said:
            environment = clean_environment() | {"CERTHIA_LOGS__REFRESH": "20s"}
            return subprocess.Popen(command, stdout=said, stderr=said, env=environment)

    def _alive(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is not None:
            raise SystemExit(f"it ended by itself with status {process.returncode}:\n{self._said.read_text()[-4000:]}")

    def killed(self, kills: int, choose: random.Random) -> None:
        """Starts and kills it."""
        for number in range(1, kills + 1):
            process = self._start()
            time.sleep(choose.uniform(*LIFE))
            self._alive(process)
            process.kill()
            process.wait()
            if number % 10 == 0:
                self._reload()
                say(f"killed {number} times")

    def quiet(self, seconds: float) -> list[Sample]:
        """Leaves it alone, but for reloads."""
        process, samples = self._start(), []
        begun = time.monotonic()
        for number in range(SAMPLES):
            time.sleep(max(0.0, begun + (number + 1) * seconds / SAMPLES - time.monotonic()))
            self._alive(process)
            if number > SAMPLES // 10:  # it has its signal's handler by then
                samples.append(self._sample(process.pid, time.monotonic() - begun))
            if number % RELOAD_EVERY == RELOAD_EVERY - 1:
                self._reload()
                say(f"{samples[-1] if samples else 'warming up'}")
        process.send_signal(signal.SIGINT)
        process.wait(30)
        return samples

    def _sample(self, pid: int, at: float) -> Sample:
        os.kill(pid, signal.SIGUSR2)
        about = Path(f"/proc/{pid}")
        threads = sum(1 for _ in (about / "task").iterdir())
        handles = sum(1 for _ in (about / "fd").iterdir())
        tasks = int(self._tasks.read_text() or 0) if self._tasks.exists() else 0
        return Sample(at, memory(pid)[0], handles, threads, tasks)

    def caught_up(self) -> Iterator[str]:
        """Reads what is left; what is wrong with the ledger."""
        process = self._start("--until", "now")
        try:
            status = process.wait(CATCH_UP)
        except subprocess.TimeoutExpired:
            process.kill()
            yield f"catching up has not ended after {CATCH_UP:.0f} s"
            return
        if status:
            yield f"catching up ended with status {status}: {self._said.read_text()[-2000:]}"
        command = [str(PROGRAM), "fsck", "--state", str(self._state)]
        fsck = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
        if fsck.returncode:
            yield f"fsck: {fsck.stdout}{fsck.stderr}"

    def complete(self, truth: dict[str, Any]) -> Iterator[str]:
        """What was lost, left unverified, or told twice without saying so."""
        with closing(sqlite3.connect(self._state / "state.db")) as hand:
            ends = {log_id.hex(): end for log_id, end in hand.execute('SELECT log_id, "end" FROM logs')}
            matches = hand.execute(MATCHES).fetchall()
            frozen = {log_id.hex(): reason for log_id, reason in hand.execute(FROZEN)}
            gaps = hand.execute("SELECT log, start, note FROM steps WHERE note != ''").fetchall()
        for log_id, size in truth["sizes"].items():
            if ends.get(log_id) != size:
                yield f"log {log_id[:8]}: verified up to {ends.get(log_id)} of {size}"
        true, bad = {*truth["keys"]}, {*truth["frozen"]}
        false = {key for key, _, _ in matches} - true  # of entries with a bit that no log had signed
        unverified = sum(
            not proven and key in true and not bad.issuperset(at.split(",")) for key, proven, at in matches
        )
        if unverified:
            yield f"{unverified} matches are not verified"
        if believed := sum(proven for key, proven, _ in matches if key in false):
            yield f"{believed} matches are verified, of entries that are in no log"
        print(f"{len(false)} matches of entries with a flipped bit, told and never verified")
        yield from (f"frozen without cause: {frozen[log_id]}" for log_id in frozen.keys() - bad)
        yield from (f"log {log_id[:8]}: not frozen, though it contradicts itself" for log_id in bad - frozen.keys())
        yield from (f"gap: {gap}" for gap in gaps)
        told = [json.loads(line) for line in self._matches.read_text("utf-8").splitlines()]
        lost = {*truth["names"]} - {record["matched_domain"] for record in told}
        if lost:
            yield f"lost: {len(lost)} names, such as {min(lost)}"
        twice = [name for name, count in Counter(one["id"] for one in told if not one["repeat"]).items() if count > 1]
        if twice:
            yield f"told twice without saying so: {len(twice)} matches"
        print(f"{len(told):,} told, {sum(record['repeat'] for record in told):,} of them as repeats")


def slope(samples: Sequence[Sample]) -> tuple[float, float]:
    """MB an hour after warm-up, and half the width of its 95 % interval."""
    rest = samples[int(len(samples) * WARM) :]
    size = len(rest) // BLOCKS
    blocks = [rest[at * size : (at + 1) * size] for at in range(BLOCKS)]
    x = [fmean(sample.at for sample in block) / 3600 for block in blocks]
    y = [sorted(sample.memory for sample in block)[len(block) // 4] for block in blocks]
    mx, my = fmean(x), fmean(y)
    square = sum((one - mx) ** 2 for one in x)
    rise = sum((one - mx) * (other - my) for one, other in zip(x, y, strict=True)) / square
    left = [other - my - rise * (one - mx) for one, other in zip(x, y, strict=True)]
    deviation = stdev(left) * ((BLOCKS - 1) / (BLOCKS - 2)) ** 0.5
    return rise, STUDENT * deviation / square**0.5


def grown(samples: Sequence[Sample], spare: float = SPARE) -> list[str]:
    """What grew, memory by more than `spare` MB. Handles and tasks come and go with requests: their lowest and highest
    figures are compared."""
    rise, wide = slope(samples)
    rest = samples[int(len(samples) * WARM) :]
    hours = (rest[-1].at - rest[0].at) / 3600
    least, most = min(one.memory for one in rest), max(one.memory for one in rest)
    print(f"memory {least:.0f} to {most:.0f} MB, slope {rise:+.1f} ± {wide:.1f} MB an hour over {hours * 60:.0f} min")
    faults = []
    if rise - wide > 0 and rise * hours > spare:
        faults.append(f"memory grew by {rise * hours:.1f} MB in {hours * 60:.0f} min: more than noise")
    half = len(rest) // 2
    for name in ("handles", "threads", "tasks"):
        before, after = ([getattr(one, name) for one in part] for part in (rest[:half], rest[half:]))
        print(f"{name}: {min(before)} to {max(before)}, then {min(after)} to {max(after)}")
        if min(after) > max(before) or fmean(after) > 1.2 * fmean(before) + 3:
            faults.append(f"{name} grew")
    return faults


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
