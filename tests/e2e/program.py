"""The program in a process of its own: started, listened to, waited for, ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

DEADLINE = 30.0  # seconds for whatever is waited for: generous, as machines may be busy
CERTHIA = Path(sys.executable).with_name("certhia")  # as it is installed
LAUNCHER = Path(__file__).with_name("launcher.py")


class Program:
    """A process whose standard output and error are read as they come."""

    def __init__(self, pid: int, readers: Mapping[str, int]) -> None:
        """`readers`: file descriptors to read from, by "out" and "err"; closed at their end."""
        self.pid = pid
        self.status: int | None = None
        self._changed = threading.Condition()
        self._bytes = {"out": bytearray(), "err": bytearray()}
        self._threads: list[threading.Thread] = []
        for name, descriptor in readers.items():
            self.listen(name, descriptor)

    def listen(self, name: str, descriptor: int) -> None:
        """Reads a file descriptor to its end as "out" or "err", then closes it."""
        thread = threading.Thread(target=self._read, args=(name, descriptor), daemon=True)
        self._threads.append(thread)
        thread.start()

    @property
    def out(self) -> str:
        """Standard output so far."""
        return self._bytes["out"].decode("utf-8", "replace")

    @property
    def err(self) -> str:
        """Standard error so far."""
        return self._bytes["err"].decode("utf-8", "replace")

    @property
    def records(self) -> list[dict[str, object]]:
        """Whole JSON lines of standard output."""
        return lines(self.out)

    def until(self, holds: Callable[[], object], what: str = "", within: float = DEADLINE) -> None:
        """Waits until something holds; fails where it does not within some seconds."""
        end = time.monotonic() + within
        with self._changed:
            while not holds():
                left = end - time.monotonic()
                assert left > 0, f"not within {within} s: {what or holds}\n{self._story()}"
                self._changed.wait(min(left, 0.02))

    def says(self, text: str, within: float = DEADLINE) -> None:
        """Waits for words on standard error."""
        self.until(lambda: text in self.err, f"{text!r} on standard error", within)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Sends a signal."""
        with contextlib.suppress(ProcessLookupError):
            if self.status is None:
                os.kill(self.pid, number)

    def end(self, within: float = DEADLINE) -> int:
        """Waits for its end, and that of its output; gives the exit status (negative: the signal)."""
        self.until(lambda: self.status is not None, "the program's end", within)
        for thread in self._threads:
            thread.join(within)
        assert self.status is not None
        return self.status

    def stop(self, number: int = signal.SIGINT) -> float:
        """Ends it by a signal and gives the seconds that took; fails where it does not end well."""
        began = time.monotonic()
        self.kill(number)
        status = self.end()
        took = time.monotonic() - began
        assert status == 0, f"exit status {status}\n{self._story()}"
        assert "Traceback" not in self.err, self.err
        return took

    def ended(self, status: int) -> None:
        """Called by whoever waits for the process."""
        with self._changed:
            self.status = status
            self._changed.notify_all()

    def _read(self, name: str, descriptor: int) -> None:
        while True:
            try:
                data = os.read(descriptor, 1 << 16)
            except OSError:  # a pseudo-terminal whose other end is closed
                data = b""
            if not data:
                os.close(descriptor)
                return
            with self._changed:
                self._bytes[name] += data
                self._changed.notify_all()

    def _story(self) -> str:
        return f"status {self.status}\n--- out\n{self.out[-2000:]}\n--- err\n{self.err[-4000:]}"


class Launcher:
    """Starts programs: `installed` by the installed command, `start` through launcher.py, which is quicker."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(LAUNCHER), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=self._environment,
            )
        self._socket = ours
        self._answers = ours.makefile("rb")
        self._running: dict[int, Program] = {}
        self._early: dict[int, int] = {}
        self._lock = threading.Lock()
        self._started: list[int] = []
        self._answered = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(
        self,
        *arguments: str,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        out: int | None = None,
        err: int | None = None,
    ) -> Program:
        """Starts `certhia ARGUMENTS`. `out`, `err`: file descriptors instead of pipes that are read; left open."""
        given, readers = _streams({"out": out, "err": err})
        request = {
            "arguments": arguments,
            "environment": self._environment | dict(environment or {}),
            "directory": str(directory),
        }
        with open(os.devnull, "rb") as nothing, self._lock:  # noqa: PTH123
            socket.send_fds(self._socket, [json.dumps(request).encode()], [nothing.fileno(), *given.values()])
            pid = self._next_pid()
            _close(given, (out, err))
            program = Program(pid, readers)
            with self._answered:
                self._running[pid] = program
                early = self._early.pop(pid, None)
        if early is not None:
            program.ended(early)
        return program

    def installed(
        self,
        *arguments: str,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = (str(CERTHIA),),
    ) -> Program:
        """Starts the installed command, or another one, with pipes that are read."""
        given, readers = _streams({"out": None, "err": None})
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=given["out"],
            stderr=given["err"],
            env=self._environment | dict(environment or {}),
            cwd=directory,
            start_new_session=True,
        )
        _close(given, (None, None))
        program = Program(process.pid, readers)
        threading.Thread(target=lambda: program.ended(process.wait()), daemon=True).start()
        return program

    def close(self) -> None:
        """Ends the launcher."""
        self._socket.shutdown(socket.SHUT_WR)
        self._process.wait(DEADLINE)
        self._answers.close()
        self._socket.close()

    def _next_pid(self) -> int:
        with self._answered:
            assert self._answered.wait_for(lambda: self._started, DEADLINE), "the launcher does not answer"
            return self._started.pop()

    def _listen(self) -> None:
        for answer in map(json.loads, self._answers):
            with self._answered:
                if "pid" in answer:
                    self._started.append(answer["pid"])
                    self._answered.notify_all()
                    continue
                program = self._running.pop(answer["ended"], None)
                if program is None:
                    self._early[answer["ended"]] = answer["status"]
            if program is not None:
                program.ended(answer["status"])


def _streams(wanted: Mapping[str, int | None]) -> tuple[dict[str, int], dict[str, int]]:
    """What the process gets, and what is read of it."""
    given: dict[str, int] = {}
    readers: dict[str, int] = {}
    for name, descriptor in wanted.items():
        if descriptor is not None:
            given[name] = descriptor
        else:
            readers[name], given[name] = os.pipe()
    return given, readers


def _close(given: Mapping[str, int], keep: Sequence[int | None]) -> None:
    for descriptor in given.values():
        if descriptor not in keep:
            os.close(descriptor)


def lines(text: str) -> list[dict[str, object]]:
    """The whole JSON lines of a text."""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def in_file(path: Path) -> list[dict[str, object]]:
    """The whole JSON lines of a file; none while it isn't there."""
    return lines(path.read_text("utf-8")) if path.exists() else []
