"""`certhia scan` as a whole process: CPU a target, rate, memory; and among servers that hold whoever asks them.

python benches/scanning.py [ROUNDS]
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import scan_farms
from feeds import CACHE, clean_environment
from process import PROGRAM, memory, state
from rows import Figure, Row
from scan_farms import Farm
from table import table

TARGETS = 20_000
DIFFERENT = 4_096  # certificates, where their signatures are checked
WHOLE = 5_000  # whole handshakes: the farm takes half the cores
CROWD, MUTE = 5_000, 95  # of which so many per cent are tarpits
PATIENCE = ("--timeout", "4s")  # with tarpits
NETWORK, ASKED, AT_ONCE = "127.0.0.0/8", 200_000, 5_000
NEVER = 40_000  # addresses of which nine in ten never answer
TLSX = 4690  # targets a second, its quick mode on the TLS farm
PEERS = "tlsx 290 in its quick mode, 432 otherwise, TLSXtractor 1,120 us/target"
SECOND = 1e6
LONGEST = 240.0


@dataclass(frozen=True, slots=True)
class Scan:
    """One run. `results` are its lines, where they were kept."""

    cpu: float  # seconds, user and system
    wall: float
    peak: float  # MB
    done: int
    results: Sequence[bytes] = ()


def rows(rounds: int, notes: list[str] | None = None) -> Iterator[Row]:
    """Every row about the scanner as a whole."""
    notes = [] if notes is None else notes
    program, why = scan_farms.compiled()
    if program is None:
        notes.append(why)
        return
    with scan_farms.replaying(program) as farm:
        yield from _many(farm, rounds, 3)
    with scan_farms.replaying(program, shown=DIFFERENT) as farm:
        yield _verified(farm, rounds)
    farmer, why = scan_farms.built_tlsfarm()
    if farmer is None:
        notes.append(why)
    else:
        with scan_farms.tlsfarm(farmer) as farm:
            yield from _many(farm, rounds, 2)
            yield _whole(farm, rounds)
    with scan_farms.replaying(program, MUTE) as farm, scan_farms.replaying(program) as all_good:
        yield _tarpits(farm, all_good, rounds)
        yield _never(farm)
        yield _vast(farm)


def _many(farm: Farm, rounds: int, times: int) -> Iterator[Row]:
    bare = [_bare(farm) for _ in range(rounds)]
    runs = [_of(farm, TARGETS) for _ in range(rounds)]
    ones = [_of(farm, 1) for _ in range(rounds)]
    nothing, start = [run.cpu for run in ones], min(run.wall for run in ones)
    unkept = [_of(farm, TARGETS, "--format", "silent") for _ in range(rounds)]
    costs, *others = _costs(runs, nothing, 80)
    costs.floor = min(cpu for cpu, _ in bare)
    most = [rate for _, rate in bare]
    figures = [
        costs,
        *others,
        replace(_costs(unkept, nothing, 0)[0], name="the same without results", target=None),
        Figure("a bare loop, one flight each", "us/target", [cpu for cpu, _ in bare]),
        Figure("rate, whole process", "targets/s", [run.done / run.wall for run in runs], times * TLSX, at_least=True),
        Figure("rate, start-up left out", "targets/s", [run.done / (run.wall - start) for run in runs], at_least=True),
        Figure("rate of a bare loop, without a start-up", "targets/s", most, at_least=True),
        Figure("peak RSS", "MB", [run.peak for run in runs]),
    ]
    peers = f"{PEERS}; tlsx {TLSX:,} targets/s on the TLS farm"
    yield Row(f"{TARGETS:,} targets, names and certificate", farm.name, figures, peers)


def _bare(farm: Farm) -> tuple[float, float]:
    """Microseconds of CPU a target, and targets a second: what the machine can do in Python at most."""
    command = [sys.executable, str(Path(__file__).with_name("scan_bare.py")), str(farm.port), str(TARGETS)]
    said = subprocess.run(command, check=True, capture_output=True, env=clean_environment()).stdout.split()
    return float(said[0]), float(said[1])


def _verified(farm: Farm, rounds: int) -> Row:
    how = ("--verify", "--roots", str(scan_farms.ROOTS))
    runs = [_of(farm, TARGETS, *how) for _ in range(rounds)]
    nothing = [_of(farm, 1, *how).cpu for _ in range(rounds)]
    return Row(f"{TARGETS:,} targets, {DIFFERENT:,} certificates, --verify", farm.name, _costs(runs, nothing, 300))


def _whole(farm: Farm, rounds: int) -> Row:
    runs = [_of(farm, WHOLE, "--full") for _ in range(rounds)]
    nothing = [_of(farm, 1, "--full").cpu for _ in range(rounds)]
    return Row(f"{WHOLE:,} whole handshakes", farm.name, _costs(runs, nothing, 400), "tlsx 432 us/target")


def _costs(runs: Sequence[Scan], nothing: Sequence[float], target: float) -> list[Figure]:
    """CPU a target, with and without what a scan of one target costs."""
    start = min(nothing)
    whole = [SECOND * run.cpu / run.done for run in runs]
    less = [SECOND * (run.cpu - start) / (run.done - 1) for run in runs]
    return [
        Figure("CPU, start-up left out", "us/target", less, target),
        Figure("CPU, whole process", "us/target", whole),
        Figure("start-up", "ms", [1000 * one for one in nothing]),
    ]


def _vast(farm: Farm) -> Row:
    """Most of them tarpits, so that so many are open indeed; ended by Ctrl-C once so many results came."""
    held = ["--concurrency", str(AT_ONCE), "--timeout", "1s"]
    run = _run([NETWORK, "-p", str(farm.port), *held], until=ASKED)
    figures = [
        Figure("peak RSS", "MB", [run.peak], 150),
        Figure("CPU, whole process", "us/target", [SECOND * run.cpu / run.done]),
        Figure("results", "", [run.done], ASKED, at_least=True),
    ]
    return Row(
        f"the first {ASKED:,} of 2^24 addresses, {AT_ONCE:,} at once",
        farm.name,
        figures,
        "tlsx and TLSXtractor 88 to 155 for 20,000",
    )


def _tarpits(farm: Farm, all_good: Farm, rounds: int) -> Row:
    """Seconds from the first connection to the last good answer: among tarpits, alone, and among others that answer."""
    among = [_run([_range(CROWD), "-p", str(farm.port), *PATIENCE], kept=True) for _ in range(rounds)]
    good = [result["ip"] for result in _results(among[0]) if result["error"] is None]
    alone = [_run([*good, "-p", str(farm.port)], kept=True) for _ in range(rounds)]
    others = [_run([_range(CROWD), "-p", str(all_good.port)], kept=True) for _ in range(rounds)]
    figures = [
        Figure("the last good one among them", "s", [_last(run, good) for run in among]),
        Figure("the same ones alone", "s", [_last(run, good) for run in alone]),
        Figure(f"the same ones where all {CROWD:,} answer", "s", [_last(run, good) for run in others]),
        Figure("a good one's own time among them", "ms", [_each(run, good) for run in among]),
        Figure("a good one's own time alone", "ms", [_each(run, good) for run in alone]),
        Figure("a good one's own time where all answer", "ms", [_each(run, good) for run in others]),
    ]
    return Row(f"{len(good)} good ones of {CROWD:,}, the rest tarpits", farm.name, figures)


def _results(run: Scan) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.results]


def _last(run: Scan, good: Sequence[str]) -> float:
    results, wanted = _results(run), {*good}
    begun = min(float(one["timestamp"] - one["seconds"]) for one in results)
    return max(float(one["timestamp"]) for one in results if one["ip"] in wanted) - begun


def _each(run: Scan, good: Sequence[str]) -> float:
    wanted = {*good}
    return 1000 * median(float(one["seconds"]) for one in _results(run) if one["ip"] in wanted)


def _never(farm: Farm) -> Row:
    """Nine in ten at a port that drops what comes, one in ten at one that answers."""
    assert farm.closed is not None
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=CACHE) as file:
        for number in range(NEVER):
            port = farm.closed if number % 10 else farm.port
            file.write(f"127.7.{number >> 8}.{number & 255}:{port}\n")
        file.flush()
        run = _run(["-f", file.name])
    figures = [
        Figure("rate", "addresses/h", [3600 * run.done / run.wall], 1_000_000, at_least=True),
        Figure("CPU, whole process", "us/target", [SECOND * run.cpu / run.done]),
        Figure("of one core", "%", [100 * run.cpu / run.wall]),
        Figure("peak RSS", "MB", [run.peak]),
    ]
    return Row(f"{NEVER:,} addresses, nine in ten silent", farm.name, figures)


def _range(count: int) -> str:
    last = count - 1
    return f"127.8.0.0-127.8.{last >> 8}.{last & 255}"


def _of(farm: Farm, count: int, *more: str) -> Scan:
    run = _run([_range(count), "-p", str(farm.port), *more])
    if "silent" in more:
        return replace(run, done=count)
    if run.done != count:
        raise SystemExit(f"{count} targets gave {run.done} results")
    return run


def _run(words: Sequence[str], *, until: int = 0, kept: bool = False) -> Scan:
    """A scan to its end, or until there are so many results. Lines of results go to a file."""
    with state() as place, tempfile.NamedTemporaryFile(dir=CACHE) as out, tempfile.TemporaryFile() as said:
        line = [str(PROGRAM), "scan", *words, "--allow-private", "--state", str(place)]
        begun = time.monotonic()
        process = subprocess.Popen(line, stdout=out, stderr=said, env=clean_environment())
        try:
            if until:
                _interrupt_after(process, Path(out.name), until)
            status, usage, peak = _end(process)
        except BaseException:
            process.kill()
            raise
        wall = time.monotonic() - begun
        if status:
            said.seek(0)
            raise SystemExit(f"{' '.join(line)}\nended with status {status}:\n{said.read().decode()[-2000:]}")
        results = Path(out.name).read_bytes().splitlines() if kept else ()
        return Scan(usage.ru_utime + usage.ru_stime, wall, peak, _lines(Path(out.name)), results)


def _interrupt_after(process: subprocess.Popen[bytes], path: Path, count: int) -> None:
    with path.open("rb") as file:
        seen, end = 0, time.monotonic() + LONGEST
        while process.poll() is None:
            while piece := file.read(1 << 20):
                seen += piece.count(b"\n")
            if seen >= count:
                process.send_signal(signal.SIGINT)
                return
            if time.monotonic() > end:
                raise SystemExit(f"{process.args!r} gave {seen} results in {LONGEST:.0f} s")
            time.sleep(0.05)


def _lines(path: Path) -> int:
    count = 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            count += piece.count(b"\n")
    return count


def _end(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage, float]:
    """Exit status, resources, and the most that it had in memory, in MB: `ru_maxrss` would be ours where we had more
    when it was forked."""
    end, peak = time.monotonic() + LONGEST, 0.0
    while True:
        with suppress(OSError, KeyError):
            peak = memory(process.pid)[1]
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage, peak
        if time.monotonic() > end:
            process.kill()
            raise SystemExit(f"{process.args!r} has not ended after {LONGEST:.0f} s")
        time.sleep(0.005)


if __name__ == "__main__":
    CACHE.mkdir(parents=True, exist_ok=True)
    print(f"load {os.getloadavg()[0]:.1f}")
    remarks: list[str] = []
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 3, remarks):
        print(table([row]).split("\n", 2)[2], flush=True)
    print("\n".join(remarks))
