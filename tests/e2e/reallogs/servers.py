"""Three real logs on loopback: TesseraCT's library, Sunlight with Skylight, and CTFE over Trillian in memory."""

from __future__ import annotations

import base64
import ctypes
import datetime as dt
import hashlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.reallogs.certificates import CA, new_key, sec1_pem, spki

READY_WITHIN = 30.0  # seconds
DROP_BOUNDING_CAPABILITY, LINUX_IMMUTABLE = 24, 9

SUNLIGHT = """listen: ["127.0.0.1:{submission}"]
checkpoints: {run}/checkpoints.db
logs:
  - shortname: sunlight
    inception: {today}
    notafterstart: {start}
    notafterlimit: {limit}
    submissionprefix: https://127.0.0.1/sunlight
    monitoringprefix: http://127.0.0.1:{monitoring}/sunlight
    roots: {run}/roots.pem
    secret: {run}/seed.bin
    period: 200
    poolsize: 750
    cache: {run}/cache.db
    localdirectory: {run}/sunlight
"""
SKYLIGHT = """listen: ["127.0.0.1:{monitoring}"]
logs:
  - shortname: sunlight
    monitoringprefix: https://127.0.0.1/sunlight
    localdirectory: {run}/sunlight
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where certificates are submitted to a log."""

    name: str
    port: int
    path: str


class RealLogs:
    """The logs, from `up` to `down`. `log_list` names them; `targets` take certificates."""

    def __init__(self, binaries: Path, run: Path) -> None:
        """`run`: a new directory for keys, data and logs."""
        self.ca = CA()
        self.run = run
        self.log_list = run / "log_list.json"
        self._binaries = binaries
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        now = dt.datetime.now(dt.UTC)
        self._window = tuple(f"{now.year + years}-01-01T00:00:00Z" for years in (0, 2))
        self._keys = {name: new_key() for name in ("tesseract", "ctfe")}
        self._spki = {name: spki(key) for name, key in self._keys.items()}
        self._ports = {name: _free_port() for name in ("tesseract", "ctfe", "sunlight", "skylight")}

    @property
    def targets(self) -> list[Target]:
        """All three."""
        paths = {"tesseract": "/tesseract/", "sunlight": "/sunlight/", "ctfe": "/rfc6962/"}
        return [Target(name, self._ports[name], path) for name, path in paths.items()]

    @property
    def urls(self) -> dict[str, str]:
        """Where each is read."""
        return {
            "tesseract": f"http://127.0.0.1:{self._ports['tesseract']}/tesseract/",
            "sunlight": f"http://127.0.0.1:{self._ports['skylight']}/sunlight/",
            "ctfe": f"http://127.0.0.1:{self._ports['ctfe']}/rfc6962/",
        }

    def up(self) -> None:
        """Starts all; returns once they answer."""
        (self.run / "roots.pem").write_bytes(self.ca.root_pem)
        window = ("-not_after_start", self._window[0], "-not_after_limit", self._window[1])
        special = {
            "tesseract": ("-dir", "tesseract", "-checkpoint_interval", "200ms", "-garbage_collection_interval", "1s"),
            "ctfe": ("-max_get_entries", "32", "-interval", "100ms"),
        }
        for name, more in special.items():
            (self.run / f"{name}.pem").write_bytes(sec1_pem(self._keys[name]))
            address = f"127.0.0.1:{self._ports[name]}"
            self._spawn(name, "-listen", address, "-roots", "roots.pem", "-key", f"{name}.pem", *window, *more)
        self._configure_sunlight()
        self.start_sunlight()
        self._wait("tesseract", self._ports["tesseract"], "/tesseract/checkpoint")
        self._wait("ctfe", self._ports["ctfe"], "/rfc6962/ct/v1/get-sth")
        self.log_list.write_text(json.dumps(self._list(), indent=2))

    def start_sunlight(self) -> None:
        """Skylight first: Sunlight compares its checkpoint with the one that is served."""
        self._spawn("skylight", "-c", "skylight.yaml")
        if (self.run / "sunlight" / "checkpoint").exists():
            self._wait("skylight", self._ports["skylight"], "/sunlight/checkpoint")
        self._spawn("sunlight", "-c", "sunlight.yaml")
        self._wait("skylight", self._ports["skylight"], "/sunlight/checkpoint")
        self._wait("sunlight", self._ports["sunlight"], "/sunlight/ct/v1/get-roots")

    def stop_sunlight(self) -> None:
        """Ends Sunlight and Skylight as they want to be ended; they exit with status 1 then."""
        self._stop("sunlight", "skylight")

    def down(self) -> None:
        """Ends all."""
        self._stop(*self._processes)

    def _stop(self, *names: str) -> None:
        stopped = [self._processes.pop(name) for name in names]
        for process in stopped:
            process.send_signal(signal.SIGINT)
        for process in stopped:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _configure_sunlight(self) -> None:
        (self.run / "sunlight").mkdir()
        (self.run / "seed.bin").write_bytes(os.urandom(32))
        keygen = subprocess.run(
            [self._binaries / "sunlight-keygen", "-f", self.run / "seed.bin"],
            capture_output=True,
            text=True,
            check=True,
        )
        pem = keygen.stdout.split("ECDSA public key:\n")[1].split("-----END")[0].split("-----\n")[1]
        self._spki["sunlight"] = base64.b64decode(pem)
        with sqlite3.connect(self.run / "checkpoints.db") as database:
            database.execute("CREATE TABLE checkpoints (logID BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT")
        database.close()
        values = {
            "run": self.run, "submission": self._ports["sunlight"], "monitoring": self._ports["skylight"],
            "start": self._window[0], "limit": self._window[1],
            "today": dt.datetime.now().astimezone().date().isoformat(),  # local time: Sunlight compares it with its own
        }  # fmt: skip
        (self.run / "sunlight.yaml").write_text(SUNLIGHT.format(**values))
        (self.run / "skylight.yaml").write_text(SKYLIGHT.format(**values))

    def _spawn(self, name: str, *arguments: str) -> None:
        with (self.run / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [self._binaries / name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.run,
                start_new_session=True,
                preexec_fn=_without_immutable,  # noqa: PLW1509  (nothing else does it)
            )

    def _wait(self, name: str, port: int, path: str) -> None:
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            assert self._processes[name].poll() is None, f"{name} has ended: {self._last_words(name)}"
            if _answers(port, path):
                return
            threading.Event().wait(0.05)
        raise AssertionError(f"no answer on {port}{path}: {self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        return (self.run / f"{name}.log").read_text("utf-8", "replace")[-1000:]

    def _list(self) -> dict[str, object]:
        static = {name: {"submission_url": f"https://127.0.0.1/{name}/", "monitoring_url": self.urls[name]}
                  for name in ("tesseract", "sunlight")}  # fmt: skip
        return {
            "version": "1.0",
            "log_list_timestamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "operators": [
                {
                    "name": name,
                    "email": [f"ct@{name}.test"],
                    "logs": [],
                    "tiled_logs": [self._described(name, urls, 60)],
                }
                for name, urls in static.items()
            ]
            + [
                {
                    "name": "ctfe",
                    "email": ["ct@ctfe.test"],
                    "logs": [self._described("ctfe", {"url": self.urls["ctfe"]}, 86400)],
                    "tiled_logs": [],
                }
            ],
        }

    def _described(self, name: str, urls: dict[str, str], mmd: int) -> dict[str, object]:
        return {
            "description": name,
            "log_id": base64.b64encode(hashlib.sha256(self._spki[name]).digest()).decode(),
            "key": base64.b64encode(self._spki[name]).decode(),
            **urls,
            "mmd": mmd,
            "state": {"usable": {"timestamp": self._window[0]}},
            "temporal_interval": {"start_inclusive": self._window[0], "end_exclusive": self._window[1]},
        }


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path, headers={"User-Agent": "certhia-test (ops@certhia.test)"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _without_immutable() -> None:
    """Sunlight run by root makes its files immutable, so that nobody can remove them; not without the capability."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(DROP_BOUNDING_CAPABILITY, LINUX_IMMUTABLE, 0, 0, 0)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
