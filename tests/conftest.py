"""What every test has: no network beyond loopback, no settings of the machine's, reproducible examples."""

from __future__ import annotations

import ipaddress
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hypothesis import settings

# An installed Certhia brings its plugin by itself; one that is merely on the path does not.
pytest_plugins = [] if entry_points(group="pytest11", name="certhia") else ["certhia.testing.plugin"]

ROOT = Path(__file__).resolve().parent.parent

# The same examples in every run: a run that fails can be run again. `make fuzz` looks for new ones.
settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("soak", deadline=None, print_blob=True, max_examples=300, stateful_step_count=40)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


class OutsideWorldError(RuntimeError):
    """A test tried to leave the machine. No OSError on purpose: code under test must not take it for an outage."""


def _is_loopback(host: object) -> bool:
    if host is None or host in {"", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%", 1)[0]).is_loopback
    except ValueError:
        return False


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host).split("%", 1)[0])
    except ValueError:
        return False
    return True


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple) and not _is_loopback(args[1][0]):
        raise OutsideWorldError(f"a test tried to connect to {args[1]}: tests use loopback only")
    if event == "socket.getaddrinfo" and not _is_loopback(args[0]) and not _is_address(args[0]):
        raise OutsideWorldError(f"a test tried to look up {args[0]!r}: tests use no names but localhost")


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _own_world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings, state and proxies of whoever runs the tests stay out of them."""
    for name in [name for name in os.environ if name.startswith("CERTHIA_") and name != "CERTHIA_CORPUS"]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, folder in (
        ("XDG_STATE_HOME", "state"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
    ):
        monkeypatch.setenv(name, str(tmp_path_factory.getbasetemp() / f"xdg-{folder}"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real log entries, pages, tiles, lists and hostile input, laid beside the repository or named by CERTHIA_CORPUS.

    Tests that ask for it are skipped where it is not there.
    """
    path = Path(os.environ.get("CERTHIA_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not path.is_dir():
        pytest.skip(f"no corpus at {path} (CERTHIA_CORPUS names another place)")
    return path
