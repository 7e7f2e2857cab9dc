"""Other people's clients, installed once by version and hash, and kept in the tree's .cache."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

CLIENTS = Path(__file__).resolve().parent / "clients"
CACHE = CLIENTS.parents[3] / ".cache" / "certstream-clients"
INSTALL_WITHIN = 120.0  # seconds
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class UnavailableError(Exception):
    """A client can't be had here; the message says why."""


def calidog_python() -> Path:
    """A Python interpreter that can import CaliDog's client. Raises UnavailableError."""

    def install(place: Path) -> None:
        _run("CaliDog's client for Python", [sys.executable, "-m", "venv", str(place)])
        given = ["--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(_requirements())]
        _run("CaliDog's client for Python", [str(place / "bin" / "python"), "-m", "pip", "install", *given])

    return _once("python", _requirements(), install) / "bin" / "python"


def calidog_javascript() -> tuple[str, Path]:
    """Node, and the folder of CaliDog's client for it. Raises UnavailableError."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise UnavailableError("no node and npm here (TEST_INSTALL=1 make test installs them)")
    source = CLIENTS / "calidog-js"

    def install(place: Path) -> None:
        place.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, place / name)
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        _run("CaliDog's client for JavaScript", [npm, "ci", "--prefix", str(place), *flags])

    return node, _once("javascript", source / "package-lock.json", install) / "node_modules" / "certstream"


def chromium() -> str:
    """The browser. Raises UnavailableError."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise UnavailableError("no Chromium here (TEST_INSTALL=1 make test installs it)")
    return found


def _requirements() -> Path:
    return CLIENTS / "calidog-py" / "requirements.txt"


def _once(name: str, pinned: Path, install: Callable[[Path], None]) -> Path:
    """The place of what is pinned in a file, installed unless that was done before."""
    CACHE.mkdir(parents=True, exist_ok=True)
    place = CACHE / f"{name}-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:12]}"
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = place / "installed"
        if not done.exists():
            shutil.rmtree(place, ignore_errors=True)
            install(place)
            done.touch()
    return place


def _run(what: str, command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_WITHIN)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{what} was not installed within {INSTALL_WITHIN:.0f} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise UnavailableError(f"{what} can't be installed: {last[0]}")
