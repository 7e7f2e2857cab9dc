"""Other people's programs that tests use: installed once by version and hash, and kept in the tree's .cache."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

CACHE = Path(__file__).resolve().parents[1] / ".cache"
INSTALL_WITHIN = 120.0  # seconds


class UnavailableError(Exception):
    """A program can't be had here; the message says why."""


def python(name: str, what: str, requirements: Path) -> Path:
    """An interpreter of its own that can import what a file of requirements pins. `name` is its folder's in .cache,
    `what` is what it is called where it can't be had. Raises UnavailableError."""

    def install(place: Path) -> None:
        run(what, [sys.executable, "-m", "venv", str(place)])
        given = ["--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(requirements)]
        run(what, [str(place / "bin" / "python"), "-m", "pip", "install", *given])

    return once(name, requirements, install) / "bin" / "python"


def once(name: str, pinned: Path, install: Callable[[Path], None]) -> Path:
    """The place of what is pinned in a file, installed unless that was done before. Raises UnavailableError."""
    place = CACHE / f"{name}-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:12]}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = place / "installed"
        if not done.exists():
            shutil.rmtree(place, ignore_errors=True)
            install(place)
            done.touch()
    return place


def run(what: str, command: Sequence[str]) -> None:
    """One step of an installation. Raises UnavailableError."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_WITHIN)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{what} was not installed within {INSTALL_WITHIN:.0f} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise UnavailableError(f"{what} can't be installed: {last[0]}")
