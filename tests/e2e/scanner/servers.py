"""Real servers of the system's packages, each with files of its own, on free ports of loopback.

Whoever is root has them run as the user that their package made (PostgreSQL and MariaDB refuse root); else they run as
whoever runs the tests. Postfix alone needs root.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from certhia.testing.authority import Authority, Made

LOOPBACK = "127.0.0.1"
START_WITHIN = 20.0  # seconds
ROOT = Authority.root("Real servers root")
ISSUING = ROOT.authority("Real servers issuing", path_length=0)

Command: TypeAlias = Sequence[str]


class UnavailableError(Exception):
    """A server can't be had here; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a server is set up in.

    Attributes:
        folder: its own, removed at the end; on a short path, since sockets of the file system are there too.
        port: for the protocol as it is without TLS.
        tls_port: for TLS at once.
        certificate: file, its issuer's after it.
        key: file.
        user: as whom it runs.
    """

    folder: Path
    port: int
    tls_port: int
    certificate: Path
    key: Path
    user: pwd.struct_passwd

    def write(self, name: str, text: str) -> Path:
        """Writes a file of the server's."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@dataclass(frozen=True, slots=True)
class Set:
    """How a server is started once its files are there.

    Attributes:
        command: stays in front.
        before: run to its end first, each.
        ports: that answer when it is ready.
        stop: the signal that ends it at once.
    """

    command: Command
    ports: Sequence[int]
    before: Sequence[Command] = ()
    stop: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Kind:
    """A server that there is.

    Attributes:
        name: as its package is called.
        user: that its package makes.
        set_up: writes its files.
        as_root: it runs as nobody else.
        rsa: it takes no other keys.
    """

    name: str
    user: str
    set_up: Callable[[Place], Set]
    as_root: bool = False
    rsa: bool = False


@dataclass(slots=True)
class Running:
    """A server that answers. `made` is what it shows, and `name` is in it."""

    kind: Kind
    place: Place
    made: Made
    name: str
    _process: subprocess.Popen[bytes]
    _stop: signal.Signals = field(default=signal.SIGTERM)

    def stop(self) -> None:
        """Ends it and all that it started, and removes its files."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self._stop)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.place.folder, ignore_errors=True)


def program(*names: str) -> str:
    """The first that is there. Raises UnavailableError."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/lib/postfix/sbin"))
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise UnavailableError(f"no {names[0]} here (TEST_INSTALL=1 make test installs it)")


def start(kind: Kind) -> Running:
    """Starts one. Raises UnavailableError where it is not installed or can't run here."""
    if kind.as_root and os.getuid():
        raise UnavailableError(f"{kind.name} runs as root alone, and these tests do not")
    name = f"{kind.name.partition('-')[0]}.example.com"
    made = ISSUING.leaf([name, f"www.{name}"], "rsa2048" if kind.rsa else "p256", ips=(LOOPBACK,))
    folder = Path(tempfile.mkdtemp(prefix="cs-"))
    try:
        place = _place(kind, folder, made)
        setting = kind.set_up(place)
        process = _launch(place, setting)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    running = Running(kind, place, made, name, process, setting.stop)
    try:
        _await(setting.ports, process, folder)
    except BaseException:
        running.stop()
        raise
    return running


def _place(kind: Kind, folder: Path, made: Made) -> Place:
    folder.chmod(0o755)
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_text(made.pem + ISSUING.pem)
    key.write_bytes(made.key_pem)
    key.chmod(0o600)
    return Place(folder, *_free_ports(), certificate, key, _user(kind))


def _user(kind: Kind) -> pwd.struct_passwd:
    if os.getuid():
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("root" if kind.as_root else kind.user)
    except KeyError:
        raise UnavailableError(f"no user {kind.user} here (TEST_INSTALL=1 make test installs {kind.name})") from None


def _free_ports() -> tuple[int, int]:
    with socket.create_server((LOOPBACK, 0)) as one, socket.create_server((LOOPBACK, 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _launch(place: Place, setting: Set) -> subprocess.Popen[bytes]:
    user = place.user
    if os.getuid() == 0 and user.pw_uid:
        for path in (place.folder, *place.folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    else:
        owner = {}
    with (place.folder / "out.log").open("ab") as out:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out, "cwd": place.folder, **owner}
        for command in setting.before:
            if subprocess.run(command, check=False, timeout=60, **quiet).returncode:  # type: ignore[call-overload]
                raise UnavailableError(f"{command[0]} failed: {_last(place.folder)}")
        return subprocess.Popen(setting.command, start_new_session=True, **quiet)  # type: ignore[call-overload,no-any-return]


def _await(ports: Sequence[int], process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + START_WITHIN
    for port in ports:
        while True:
            try:
                socket.create_connection((LOOPBACK, port), 1).close()
            except OSError:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.01)
                ended = process.poll() is not None
                if ended or time.monotonic() > end:
                    why = "ended" if ended else f"does not listen after {START_WITHIN:.0f} s"
                    raise UnavailableError(f"{process.args!r} {why}: {_last(folder)}") from None
            else:
                break


def _last(folder: Path) -> str:
    lines = (folder / "out.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
