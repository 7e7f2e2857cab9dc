"""Starts the program many times for the price of one: imports it once, then forks for each start.

Run as a script with a socket at the file descriptor named by its only argument. A request is one JSON object with
`arguments`, `environment` and `directory`, sent together with three file descriptors: standard input, output and error.
Answers are JSON lines: `{"pid": N}` for each start, `{"ended": N, "status": S}` once it is gone (S as in
subprocess.Popen.returncode).
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

LARGEST_REQUEST = 1 << 16  # bytes


def main() -> None:
    """Serves requests until the socket is closed; in each fork, becomes the program."""
    _import_all()
    requests = socket.socket(fileno=int(sys.argv[1]))
    program = _serve(requests)
    if program is not None:
        program()


def _import_all() -> None:
    # What `certhia watch` imports late, so that forks find it there. Alembic is left out: it is needed once a state.
    import certhia.cli.session
    import certhia.store.fsck
    import certhia.testing  # noqa: F401


def _serve(requests: socket.socket) -> Callable[[], None] | None:
    """Forks for each request. Returns in the forks, with what they are to run, and at the end (None)."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)

    def ignore(number: int, frame: FrameType | None) -> None:
        """The wake-up through `wake` is all that is needed."""

    signal.signal(signal.SIGCHLD, ignore)
    signal.set_wakeup_fd(wake)
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == woken:
                    os.read(woken, 4096)
                    _reap(requests)
                    continue
                body, streams, _, _ = socket.recv_fds(requests, LARGEST_REQUEST, 3)
                if not body:
                    return None
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for descriptor in (woken, wake):
                        os.close(descriptor)
                    requests.close()
                    return lambda: _become(json.loads(body), streams)
                for stream in streams:
                    os.close(stream)
                _answer(requests, {"pid": pid})


def _reap(requests: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _answer(requests, {"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def _answer(requests: socket.socket, answer: dict[str, int]) -> None:
    requests.sendall(json.dumps(answer).encode() + b"\n")


def _become(request: dict[str, object], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    os.setsid()
    os.chdir(str(request["directory"]))
    environment, arguments = request["environment"], request["arguments"]
    assert isinstance(environment, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    sys.argv = ["certhia", *arguments]

    from certhia.cli import main as run

    run()


if __name__ == "__main__":
    main()
