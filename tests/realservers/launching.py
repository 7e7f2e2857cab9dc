"""Real servers of the system's packages, each with files of its own, on free ports of loopback. They can be killed, and
started again on the same ports and files.

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
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from certhia.testing.authority import Authority, Made

LOOPBACK = "127.0.0.1"
START_WITHIN = 45.0  # seconds
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
        environment: added to ours.
        after: run once it has ended: for what it leaves behind in other process groups.
    """

    command: Command
    ports: Sequence[int]
    before: Sequence[Command] = ()
    stop: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)
    after: Sequence[Command] = ()


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
    setting: Set
    _process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Ends it and all that it started at once, as a crash would. Its files stay."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for port in self.setting.ports:  # what it started may end later than itself
            _repeat(partial(_silent, port), 5)
        for command in self.setting.after:
            _repeat(partial(_done, command), 5)

    def revive(self) -> None:
        """Starts it again on the same ports and files. Raises UnavailableError."""
        self._process = _launch(self.place, self.setting)
        _await(self.setting.ports, self._process, self.place.folder)

    def freeze(self) -> None:
        """Its connections stay, and it answers nothing any more until `thaw`."""
        os.killpg(self._process.pid, signal.SIGSTOP)
        assert _repeat(partial(_still, self._process.pid), 5), "it goes on"

    def thaw(self) -> None:
        """It goes on."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Ends it and all that it started, and removes its files."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self.setting.stop)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self.kill()
        shutil.rmtree(self.place.folder, ignore_errors=True)


@contextlib.contextmanager
def running(kind: Kind) -> Iterator[Running]:
    """One that runs until the context ends; skips the test where it can't be had."""
    try:
        server = start(kind)
    except UnavailableError as reason:
        pytest.skip(f"{kind.name}: {reason}")
    try:
        yield server
    finally:
        server.stop()


def program(*names: str) -> str:
    """The first that is there. Raises UnavailableError."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/lib/postfix/sbin"))
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise UnavailableError(f"no {names[0]} here (TEST_INSTALL=1 make test installs it)")


def free_port() -> int:
    """One of loopback that nobody listens on."""
    with socket.create_server((LOOPBACK, 0)) as one:
        return int(one.getsockname()[1])


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
        _prepare(place, setting)
        process = _launch(place, setting)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    running = Running(kind, place, made, name, setting, process)
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


def _owner(place: Place) -> dict[str, Any]:
    """As whom its processes run."""
    user = place.user
    if os.getuid() == 0 and user.pw_uid:
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {}


def _prepare(place: Place, setting: Set) -> None:
    owner = _owner(place)
    if owner:
        for path in (place.folder, *place.folder.rglob("*")):
            os.chown(path, owner["user"], owner["group"])
    environment = {**os.environ, **setting.environment}
    with (place.folder / "out.log").open("ab") as out:
        for command in setting.before:
            done = subprocess.run(
                command, check=False, timeout=60, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=place.folder,
                env=environment, **owner,
            )  # fmt: skip
            if done.returncode:
                raise UnavailableError(f"{command[0]} failed: {_last(place.folder)}")


def _launch(place: Place, setting: Set) -> subprocess.Popen[bytes]:
    with (place.folder / "out.log").open("ab") as out:
        return subprocess.Popen(
            setting.command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            cwd=place.folder, env={**os.environ, **setting.environment}, **_owner(place),
        )  # fmt: skip


def _await(ports: Sequence[int], process: subprocess.Popen[bytes], folder: Path) -> None:
    def is_settled(port: int) -> bool:
        return process.poll() is not None or not _silent(port)

    for port in ports:
        listens = _repeat(partial(is_settled, port), START_WITHIN)
        if not listens or process.poll() is not None:
            why = "ended" if listens else f"does not listen after {START_WITHIN:.0f} s"
            raise UnavailableError(f"{process.args!r} {why}: {_last(folder)}")


def _repeat(is_so: Callable[[], bool], within: float) -> bool:
    """Asks until it is so; False where it is not so `within` seconds."""
    end, pause = time.monotonic() + within, threading.Event()
    while not is_so():
        if time.monotonic() > end:
            return False
        pause.wait(0.01)
    return True


def _silent(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), 1).close()
    except OSError:
        return True
    return False


def _still(process: int) -> bool:
    """Whether all threads of a process stand still: the signal takes a moment."""
    tasks = Path(f"/proc/{process}/task").glob("*/stat")
    return all(one.read_text().rpartition(")")[2].split()[0] in "TZX" for one in tasks)


def _done(command: Command) -> bool:
    return subprocess.run(command, check=False, timeout=20, capture_output=True).returncode == 0


def _last(folder: Path) -> str:
    lines = (folder / "out.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
