"""Real log software, built from Go modules once and kept in the tree's .cache."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[2] / ".cache"
SUNLIGHT = "filippo.io/sunlight/cmd"
BUILDS = {
    "sunlight": f"{SUNLIGHT}/sunlight",
    "skylight": f"{SUNLIGHT}/skylight",
    "sunlight-keygen": f"{SUNLIGHT}/sunlight-keygen",
    "tesseract": "./tesseract",
    "ctfe": "./ctfe",
}
BUILD_WITHIN = 900.0  # seconds, modules included


class UnavailableError(Exception):
    """The software can't be had here; the message says why."""


def build() -> Path:
    """The directory with the programs of BUILDS, built where they are missing or older than our sources.

    Raises UnavailableError without Go, with one that is too old, or where the modules can't be fetched.
    """
    binaries = CACHE / "reallogs"
    binaries.mkdir(parents=True, exist_ok=True)
    with (binaries / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [name for name in BUILDS if not _is_fresh(binaries / name, name)]
        if missing:
            _check_go()
        for name in missing:
            _build(binaries, name)
    return binaries


def _is_fresh(binary: Path, name: str) -> bool:
    sources = [HERE / "go.mod", HERE / "go.sum", *(HERE / name).glob("*.go")]
    return binary.exists() and binary.stat().st_mtime >= max(source.stat().st_mtime for source in sources)


def _check_go() -> None:
    wanted = re.search(r"^go (\d+)\.(\d+)", (HERE / "go.mod").read_text(), re.MULTILINE)
    assert wanted is not None
    if shutil.which("go") is None:
        raise UnavailableError(f"no Go here: real logs need Go {wanted[1]}.{wanted[2]} or later")
    said = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=False, env=_environment())
    found = re.match(r"go(\d+)\.(\d+)", said.stdout)
    if found is None or tuple(map(int, found.groups())) < tuple(map(int, wanted.groups())):
        raise UnavailableError(
            f"Go is {said.stdout.strip() or 'broken'}: real logs need {wanted[1]}.{wanted[2]} or later"
        )


def _build(binaries: Path, name: str) -> None:
    command = ["nice", "-n", "10", "go", "build", "-trimpath", "-o", str(binaries / name), BUILDS[name]]
    try:
        built = subprocess.run(
            command, cwd=HERE, env=_environment(), capture_output=True, text=True, check=False, timeout=BUILD_WITHIN
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{name} was not built within {BUILD_WITHIN:.0f} s") from None
    if built.returncode:
        last = built.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise UnavailableError(f"{name} can't be built: {last[0]}")


def _environment() -> dict[str, str]:
    # Everything stays in the tree, and can be removed like the rest of it: a module cache is read-only by default.
    ours = {
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-p=2 -mod=readonly -buildvcs=false -modcacherw",
        "GOCACHE": str(CACHE / "go-build"),
        "GOMODCACHE": os.environ.get("GOMODCACHE") or str(CACHE / "go-mod"),
    }
    return {**os.environ, **ours}
