"""From the start of the program to its first request to a log, as the log sees it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feeds import CACHE, ROOT, Feed, clean_environment
from process import command, state

# Some public key of P-256; whose it is does not matter.
KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELf6ZMGgYxge4W2lw7R2mdc4POv79e2e7V/rK3Hsohfy90TQpsKmaiFmizKO3ZDTjRMFAfjMcIWJh"
    "DQrGeInMBQ=="
)
LONGEST = 60.0  # seconds


def cold() -> float:
    """Seconds with a new state, and nothing of Python, libraries and program in memory."""
    with _listening() as (listener, feed), state() as place:
        _forget_files()
        return _first_request(listener, feed, place)


def warm() -> float:
    """Seconds with a state that is there, all files in memory."""
    with _listening() as (listener, feed), state() as place:
        _first_request(listener, feed, place)
        return _first_request(listener, feed, place)


@contextmanager
def _listening() -> Iterator[tuple[socket.socket, Feed]]:
    """A log that takes connections and says nothing, and a list that names it."""
    path = CACHE / f"one-log-{os.getpid()}.json"
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(LONGEST)
        path.write_text(json.dumps(_list(f"http://127.0.0.1:{listener.getsockname()[1]}/log/")))
        try:
            yield listener, Feed(str(path), 0)
        finally:
            path.unlink()


def _list(url: str) -> dict[str, object]:
    log = {
        "description": "Silent", "log_id": base64.b64encode(hashlib.sha256(base64.b64decode(KEY)).digest()).decode(),
        "key": KEY, "url": url, "mmd": 86400,
        "state": {"usable": {"timestamp": "2025-01-01T00:00:00Z"}},
        "temporal_interval": {"start_inclusive": "2020-01-01T00:00:00Z", "end_exclusive": "2050-01-01T00:00:00Z"},
    }  # fmt: skip
    operator = {"name": "Bench", "email": [], "logs": [log], "tiled_logs": []}
    return {"version": "1.0", "log_list_timestamp": "2026-01-01T00:00:00Z", "operators": [operator]}


def _first_request(listener: socket.socket, feed: Feed, place: Path) -> float:
    line = command(feed, place, "--from", "now")
    begun = time.monotonic()
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean_environment())
    try:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(LONGEST)
            connection.recv(1)
            return time.monotonic() - begun
    except TimeoutError:
        process.kill()
        said = process.communicate()[1].decode("utf-8", "replace")
        raise SystemExit(f"no request within {LONGEST:.0f} s; the program said:\n{said}") from None
    finally:
        process.kill()
        process.wait()


def _forget_files() -> None:
    """Asks the kernel to drop our environment's files, and Python's own, from its memory."""
    homes = {ROOT / ".venv", ROOT / "src", Path(os.__file__).resolve().parent}
    for home in homes:
        for path in home.rglob("*"):
            if path.is_file() and not path.is_symlink():
                try:
                    descriptor = os.open(path, os.O_RDONLY)
                except OSError:
                    continue
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)
