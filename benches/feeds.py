"""Logs to read from, each served by a process of its own on loopback: the built-in test world, and ctfeed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
CTFEED = ROOT.parent / "shared" / "tools" / "ctfeed"
CORPUS = Path(os.environ.get("CERTHIA_CORPUS", ROOT.parent / "shared" / "corpus"))
WAIT = 180.0  # seconds that a feed may need to make its entries


@dataclass(frozen=True, slots=True)
class Feed:
    """Logs that answer: one whose URL ends in /rfc/ and, mostly, one whose URL ends in /static/."""

    log_list: str
    count: int  # entries of each log
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Entries:
    """Where the entries come from: a file of JSON lines with leaf_input and extra_data, base64."""

    path: Path
    real: bool


def clean_environment() -> dict[str, str]:
    """Without settings of Certhia's, and with bytecode written as on any machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CERTHIA_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def entries() -> Entries:
    """Real entries of the corpus where it is there, unpacked once; else made-up ones of the test world's CA."""
    CACHE.mkdir(parents=True, exist_ok=True)
    packed = CORPUS / "ct-entries.jsonl.zst"
    unpacked, made = CACHE / "entries.jsonl", CACHE / "made-up.jsonl"
    if packed.exists():
        if not unpacked.exists():
            import zstandard  # noqa: PLC0415  (only where there is something to unpack)

            partial = unpacked.with_suffix(".part")
            with packed.open("rb") as source, partial.open("wb") as target:
                zstandard.ZstdDecompressor().copy_stream(source, target)
            partial.replace(unpacked)
        return Entries(unpacked, real=True)
    if not made.exists():
        subprocess.run([sys.executable, str(ROOT / "benches" / "made_up.py"), str(made)], check=True)
    return Entries(made, real=False)


@contextmanager
def world(source: Entries, *, count: int, page: int, tls: bool = False) -> Iterator[Feed]:
    """The built-in world, all answers made ahead."""
    arguments = ["--entries", str(source.path), "--count", str(count), "--page", str(page), "--full-speed"]
    command = [sys.executable, "-m", "certhia.testing.feed", *arguments, *(["--tls"] if tls else [])]
    with _announced(command, count) as feed:
        yield feed


@contextmanager
def quiet_world(*, logs: int, tls: bool) -> Iterator[Feed]:
    """So many logs of all kinds, of 300 entries each, that do not grow."""
    command = [sys.executable, "-m", "certhia.testing.feed", "--logs", str(logs), "--rate", "0"]
    with _announced([*command, *(["--tls"] if tls else [])], 300) as feed:
        yield feed


@contextmanager
def growing_world(*, logs: int, rate: float) -> Iterator[Feed]:
    """So many logs of all kinds, which grow by `rate` entries a second together."""
    command = [sys.executable, "-m", "certhia.testing.feed", "--logs", str(logs), "--rate", str(rate)]
    with _announced(command, 300) as feed:
        yield feed


@contextmanager
def many_logs(source: Entries, *, logs: int, count: int) -> Iterator[Feed]:
    """So many logs, half of them static, of `count` entries each at full speed."""
    command = [sys.executable, str(ROOT / "benches" / "many.py"), str(source.path), str(logs), str(count)]
    with _announced(command, count) as feed:
        yield feed


@contextmanager
def burst(source: Entries, *, count: int, page: int) -> Iterator[tuple[Feed, Callable[[str], None]]]:
    """Two logs that stand still; and what tells them to grow: "all" at once, or by so many entries a second."""
    command = [sys.executable, str(ROOT / "benches" / "burst.py"), str(source.path), str(count), str(page)]
    with _running(command, count) as (feed, process):
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def grow(how: str) -> None:
            asked.write(f"{how}\n".encode())
            asked.flush()
            if not answers.readline():
                raise SystemExit("the feed ended")

        yield feed, grow


@contextmanager
def _announced(command: Sequence[str], count: int) -> Iterator[Feed]:
    with _running(command, count) as (feed, _):
        yield feed


@contextmanager
def _running(command: Sequence[str], count: int) -> Iterator[tuple[Feed, subprocess.Popen[bytes]]]:
    """A feed that prints one line of JSON once it answers, and ends when its standard input is closed."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment())
    assert process.stdin is not None
    assert process.stdout is not None
    root = CACHE / f"root-{process.pid}.pem"
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the feed ended with status {process.wait()}: {' '.join(command)}")
        said = json.loads(line)
        if "root" in said:
            root.write_text(said["root"])
        yield Feed(said["log_list"], count, str(root) if "root" in said else None), process
    finally:
        process.stdin.close()
        process.terminate()
        process.wait()
        root.unlink(missing_ok=True)


def build_ctfeed() -> tuple[Path | None, str]:
    """The program, built into the cache, or None and why not."""
    if not (CTFEED / "main.go").exists():
        return None, f"ctfeed left out: {CTFEED} is not there"
    go = shutil.which("go") or ("/usr/local/go/bin/go" if Path("/usr/local/go/bin/go").exists() else None)
    if go is None:
        return None, "ctfeed left out: no Go to build it with"
    program = CACHE / "ctfeed"
    build = {**os.environ, "GOCACHE": str(ROOT / ".cache" / "go-build"), "GOPATH": str(ROOT / ".cache" / "go")}
    done = subprocess.run(
        [go, "build", "-o", str(program), "."], cwd=CTFEED, env=build, capture_output=True, text=True, check=False
    )
    return (program, "") if done.returncode == 0 else (None, f"ctfeed left out: it doesn't build: {done.stderr}")


@contextmanager
def ctfeed(program: Path, source: Entries, *, count: int, page: int, static: bool) -> Iterator[Feed]:
    """ctfeed, with the same entries."""
    address = f"127.0.0.1:{free_port()}"
    command = [str(program), "-n", str(count), "-addr", address, "-page", str(page), f"-static={str(static).lower()}"]
    with source.path.open("rb") as lines:
        process = subprocess.Popen(command, stdin=lines, stderr=subprocess.DEVNULL)
    try:
        url, end = f"http://{address}/log_list.json", time.monotonic() + WAIT
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"ctfeed did not start: {' '.join(command)}")
            time.sleep(0.2)
        yield Feed(url, count)
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
