"""A port that answers on every loopback address, as many times as one likes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Crowd:
    """Accepts on all of 127.0.0.0/8, says something that is no TLS, and closes.

    Attributes:
        port: where.
        asked: how many connections there were.
    """

    def __init__(self, said: bytes = b"220 hello\r\n") -> None:
        self._said = said
        self._socket = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self.port: int = self._socket.getsockname()[1]
        self.asked = 0
        self._at = 0
        self._then: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def after(self, connections: int, then: Callable[[], None]) -> None:
        """Calls `then` once so many further ones have come: a moment that has nothing to do with the clock."""
        self._then = then
        self._at = self.asked + connections

    def close(self) -> None:
        """Listens no more."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(20)

    def _run(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self.asked += 1
            with peer, suppress(OSError):
                peer.sendall(self._said)
            if self.asked == self._at:
                self._then()


@contextmanager
def crowd() -> Iterator[Crowd]:
    """One that is closed at the end."""
    there = Crowd()
    try:
        yield there
    finally:
        there.close()
