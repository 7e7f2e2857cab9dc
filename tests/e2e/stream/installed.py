"""Other people's clients of the stream."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.installed import UnavailableError, once, python, run

CLIENTS = Path(__file__).resolve().parent / "clients"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def calidog_python() -> Path:
    """A Python interpreter that can import CaliDog's client. Raises UnavailableError."""
    requirements = CLIENTS / "calidog-py" / "requirements.txt"
    return python("certstream-clients/python", "CaliDog's client for Python", requirements)


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
        run("CaliDog's client for JavaScript", [npm, "ci", "--prefix", str(place), *flags])

    place = once("certstream-clients/javascript", source / "package-lock.json", install)
    return node, place / "node_modules" / "certstream"


def chromium() -> str:
    """The browser. Raises UnavailableError."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise UnavailableError("no Chromium here (TEST_INSTALL=1 make test installs it)")
    return found
