"""Servers to scan, each a process of its own on 127.0.0.0/8: one that replays canned flights, and the TLS farm."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from feeds import CACHE, ROOT, free_port

from certhia.testing import CA, flights

SOURCE = Path(__file__).with_name("farm.c")
TLSFARM = ROOT.parent / "shared" / "tools" / "tlsfarm"
ROOTS = CACHE / "farm-roots.pem"
SHOWN = 64  # certificates, by address
STARTED = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Farm:
    """Servers that answer.

    Attributes:
        name: in the table.
        port: on all addresses of 127.0.0.0/8.
        closed: a port where nothing ever answers; None where there is none.
    """

    name: str
    port: int
    closed: int | None = None


def canned(shown: int) -> Path:
    """Flights of servers with so many certificates and their issuer, in the cache; what they hang below is in ROOTS."""
    path = CACHE / "flights"
    ca = CA("farm")
    ROOTS.write_text(ca.root_pem)
    with path.open("wb") as out:
        for number in range(shown):
            names = [f"host{number}.example.com", f"www.site{number}.org", f"*.cdn{number}.net"]
            said = flights.flight([ca.issue(names).der, ca.intermediate])
            out.write(struct.pack("<I", len(said)) + said)
    return path


def compiled() -> tuple[Path | None, str]:
    """The farm, built into the cache, or None and why not."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None, "scan left out: no C compiler (cc) for its servers"
    program = CACHE / "farm"
    if not program.exists() or program.stat().st_mtime < SOURCE.stat().st_mtime:
        line = [compiler, "-O2", "-o", str(program), str(SOURCE)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            return None, f"scan left out: its servers can't be built: {done.stderr}"
    return program, ""


@contextmanager
def replaying(program: Path, mute: int = 0, shown: int = SHOWN) -> Iterator[Farm]:
    """Canned flights of so many certificates; so many per cent of the addresses say nothing."""
    line = [str(program), str(canned(shown)), str(mute)]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = process.stdout.readline().split()
        if len(said) != 2:
            raise SystemExit(f"{' '.join(line)} ended with status {process.wait()}")
        yield Farm("canned flights", int(said[0]), int(said[1]))
    finally:
        process.stdin.close()
        process.wait()


def built_tlsfarm() -> tuple[Path | None, str]:
    """The TLS farm, or None and why not."""
    if not TLSFARM.is_dir() or shutil.which("go") is None:
        return None, f"the TLS farm is left out: no Go, or nothing at {TLSFARM}"
    program = CACHE / "tlsfarm"
    if not program.exists():
        line = ["go", "build", "-o", str(program), "."]
        done = subprocess.run(line, cwd=TLSFARM, capture_output=True, text=True, check=False)
        if done.returncode:
            return None, f"the TLS farm is left out: it can't be built: {done.stderr}"
    return program, ""


@contextmanager
def tlsfarm(program: Path) -> Iterator[Farm]:
    """Real TLS by Go, up to 1.3."""
    port = free_port()
    process = subprocess.Popen([str(program), "-addr", f":{port}"], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + STARTED
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if time.monotonic() > end:
                    raise SystemExit(f"{program} does not answer") from None
                time.sleep(0.02)
            else:
                break
        yield Farm("TLS farm", port)
    finally:
        process.kill()
        process.wait()
