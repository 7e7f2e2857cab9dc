"""One run of `certhia watch`, measured from outside: CPU and peak memory as the kernel accounts them at its end."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from feeds import CACHE, Feed, clean_environment

PROGRAM = Path(sys.executable).parent / "certhia"
SUMMARY = re.compile(r"^([\d,]+) entries seen in (\d+) logs \(([\d,]+)/s .*?, ([\d,]+) verified,", re.MULTILINE)
MB = 1_000_000
LONGEST = 240.0  # seconds


@dataclass(frozen=True, slots=True)
class Run:
    """One run."""

    cpu: float  # seconds, user and system
    wall: float  # seconds, from start to end of the process
    peak: float  # MB, resident
    entries: int
    verified: int
    rate: float  # entries a second since the program began to follow: what its own summary says
    said: str = ""  # on standard error


def rules_file() -> Path:
    """100 rules of all kinds, as somebody who watches over a few firms has them."""
    path = CACHE / "rules.txt"
    plain = [f"watched{number}.example-{number % 7}.{('com', 'org', 'net')[number % 3]}" for number in range(70)]
    below = [f"*.brand{number}.de" for number in range(15)]
    exact = [f"=login.shop{number}.co.uk" for number in range(10)]
    networks = [f"203.0.113.{number * 16}/28" for number in range(5)]
    path.write_text("\n".join([*plain, *below, *exact, *networks]) + "\n")
    return path


@contextmanager
def state() -> Iterator[Path]:
    """A directory for a state, removed at the end."""
    path = Path(tempfile.mkdtemp(prefix="state-", dir=CACHE))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def command(feed: Feed, state: Path, *more: str) -> list[str]:
    """`certhia watch` on a feed."""
    trust = ["--ca-file", feed.ca_file] if feed.ca_file else []
    reading = ["--log-list", feed.log_list, "--watchlist", str(rules_file()), "--state", str(state)]
    return [str(PROGRAM), "watch", *reading, *trust, "--format", "silent", *more]


def once(feed: Feed, *more: str) -> Run:
    """From the beginning to the end of a feed, with a new state. Raises SystemExit where not all was verified."""
    with state() as place:
        return _measured(command(feed, place, "--from", "beginning", "--until", "now", *more))


def share(feed: Feed) -> dict[str, float]:
    """What verification and the state take of one run, us of CPU an entry; see share_watch.py."""
    with state() as place:
        line = command(feed, place, "--from", "beginning", "--until", "now")
        spent = place / "share.json"
        run = _measured([sys.executable, str(Path(__file__).with_name("share_watch.py")), str(spent), *line[1:]])
        found: dict[str, float] = json.loads(spent.read_text())
    return {name: 1e6 * seconds / run.entries for name, seconds in found.items()}


def paged(feed: Feed, *more: str) -> Run:
    """Likewise; of CPU that from the first page on. See paged_watch.py."""
    with state() as place:
        line = command(feed, place, "--from", "beginning", "--until", "now", *more)
        spent = place / "spent.json"
        run = _measured([sys.executable, str(Path(__file__).with_name("paged_watch.py")), str(spent), *line[1:]])
        return replace(run, cpu=json.loads(spent.read_text()))


def nothing(feed: Feed, *more: str) -> Run:
    """The same without entries: what starting and ending cost."""
    with state() as place:
        return _measured(command(feed, place, "--from", "beginning", "--until", "0", *more))


def _measured(line: Sequence[str]) -> Run:
    with tempfile.TemporaryFile() as said:
        begun = time.monotonic()
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=said, env=clean_environment())
        try:
            status, usage = _wait(process)
        except BaseException:
            process.kill()
            raise
        wall = time.monotonic() - begun
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    found = SUMMARY.search(text)
    if status or found is None:
        raise SystemExit(f"{' '.join(line)}\nended with status {status}:\n{text}")
    entries, verified, rate = (int(found[at].replace(",", "")) for at in (1, 4, 3))
    if verified != entries:
        raise SystemExit(f"{' '.join(line)}\nverified {verified} of {entries} entries:\n{text}")
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024 / MB, entries, verified, rate, text)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """Exit status and resources. `Popen.wait` would throw the resources away."""
    end = time.monotonic() + LONGEST
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.monotonic() > end:
            process.kill()
            raise SystemExit(f"{process.args!r} has not ended after {LONGEST:.0f} s")
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Watched:
    """A stretch of a run."""

    cpu: float  # per cent of one core
    resident: float  # MB at its end
    peak: float  # MB since the start
    logs: int  # that were followed


def stretch(feed: Feed, *, after: float, seconds: float) -> Watched:
    """`seconds` of a run that follows from now on, beginning `after` seconds from its start."""
    with state() as place, tempfile.TemporaryFile() as said:
        line = command(feed, place, "--from", "now")
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=said, env=clean_environment())
        try:
            time.sleep(after)
            before = cpu(process.pid)
            time.sleep(seconds)
            used, resident, peak = cpu(process.pid) - before, *memory(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    found = SUMMARY.search(text)
    if found is None:
        raise SystemExit(f"{' '.join(line)}\ngave no summary:\n{text}")
    return Watched(100 * used / seconds, resident, peak, int(found[2]))


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> tuple[float, float]:
    """Resident MB of a process, now and at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    values = {
        name: int(rest.split()[0]) * 1024 / MB
        for name, _, rest in (line.partition(":") for line in lines)
        if name in ("VmRSS", "VmHWM")
    }
    return values["VmRSS"], values["VmHWM"]
